"""Waiting until a statement under way waits for a lock that the test holds."""

import asyncio

from api._lib.db import Queries

WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
PATIENCE_SECONDS = 10


async def until_somebody_waits(q: Queries) -> None:
    """Return once a statement of this database waits for a lock; fails when none ever does."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not await q.fetchval(WAITING):
        assert asyncio.get_running_loop().time() < deadline, "nobody waits"
        await asyncio.sleep(0.01)
