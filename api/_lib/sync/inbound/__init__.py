"""The reading half of the sync: content, people and activity as they stand in Airtable."""
