"""A local stand-in for Airtable: a real HTTP server with the service's rules and limits."""
