"""Rules of reminders: pure functions, without input, output or clock."""
