"""Waiting until a statement under way waits for a lock that the test holds."""

import asyncio

from api._lib.db import Queries

WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
PATIENCE_SECONDS = 20


async def until_somebody_waits(q: Queries, many: int = 1) -> None:
    """Return once so many statements of this database wait for locks; fails when they never do."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while await q.fetchval(WAITING) < many:
        assert asyncio.get_running_loop().time() < deadline, "nobody waits"
        await asyncio.sleep(0.01)
