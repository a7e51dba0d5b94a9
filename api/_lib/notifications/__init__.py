"""Reminders: what is planned for whom, and how it is sent."""
