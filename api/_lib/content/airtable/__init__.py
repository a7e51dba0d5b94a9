"""Content where Airtable itself serves it."""
