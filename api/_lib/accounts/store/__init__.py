"""SQL of people: who they are, their sessions, their codes, what Airtable says, and their end."""
