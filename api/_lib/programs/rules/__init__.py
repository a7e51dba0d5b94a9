"""What holds for programs, as pure functions: no clock, no store, no network."""
