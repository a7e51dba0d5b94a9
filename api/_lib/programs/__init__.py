"""Programs: planned, generated, followed and changed."""
