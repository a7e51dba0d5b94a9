"""SQL of reminders."""
