"""Programs that live in Postgres and, by the outbox, in Airtable too."""

from api._lib.programs.postgres.programs import InPostgres

__all__ = ["InPostgres"]
