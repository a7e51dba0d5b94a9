"""Content that coaches keep in Airtable: methods, goals, convictions, habits, texts."""
