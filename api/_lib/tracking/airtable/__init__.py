"""The use cases of tracking where the records live in Airtable: same rules, same answers."""
