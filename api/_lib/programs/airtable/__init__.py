"""Programs that live in Airtable alone: the same rules, the same answers."""

from api._lib.programs.airtable.programs import InAirtable

__all__ = ["InAirtable"]
