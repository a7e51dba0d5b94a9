"""Records of people, as they stand in Airtable, becoming rows: for a first fill and for mirrors."""
