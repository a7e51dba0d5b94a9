"""Stand-in for the mail server: takes every mail and shows it instead of sending it."""
