"""The SQL of programs, by subject."""
