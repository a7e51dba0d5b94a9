"""Rewards where they live in Airtable: counts from there, ledger and locks in Postgres."""
