"""Comparing the two stores, and bringing them together where they differ (sync 11.18)."""
