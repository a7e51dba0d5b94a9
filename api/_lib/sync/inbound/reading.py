"""When a reading began: by the clock of Postgres, with which all stored moments are compared."""

from datetime import datetime

from api._lib.db import Queries


async def started(q: Queries) -> datetime:
    """The present moment; take it before asking Airtable (sync 11.10.3)."""
    moment: datetime = await q.fetchval("SELECT clock_timestamp()")
    return moment
