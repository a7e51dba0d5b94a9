"""Bad weather: Airtable fails, workers die, Redis forgets; and how it clears."""

import asyncio
import random
from typing import Any

import asyncpg

from api._lib.db import Database, DatabaseUnavailableError
from api._lib.sync import letters
from api._lib.sync.letters import Search
from tests.sync.workers import eventually
from tests.sync.world import World
from tests.sync.zygote import Zygote

SHORT = {
    "SYNC_LEASE_SECONDS": "3",
    "SYNC_AMBIGUOUS_SECONDS": "1",
    "SYNC_POLL_INTERVAL_MS": "200",
    "SYNC_LINGER_MS": "20",
    "SYNC_RETRY_BASE_SECONDS": "1",
    "AIRTABLE_PAUSE_SECONDS": "1",
}
"""Everything that waits, waits less."""

LATE = 0.15
FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503, "when": "after"},
    {"drop": True},
    {"drop": True, "when": "after"},
    {"status": 429},
    {"status": 422, "kind": "CANNOT_SAVE", "message": "no"},
    {"latency": LATE},
    {"latency": LATE, "when": "after"},
]
WRITES, READS = ["PATCH", "PATCH", "DELETE"], ["POST", "GET"]


class Weather:
    """Two to four workers, and what happens to them and to Airtable."""

    def __init__(
        self, world: World, workers: Zygote, environ: dict[str, str], dice: random.Random
    ) -> None:
        self._world = world
        self._workers = workers
        self._environ = environ
        self._dice = dice
        self._number = dice.randint(2, 4)

    def begin(self) -> None:
        """Start the workers."""
        for _ in range(self._number):
            self._workers.start(self._environ)

    async def worsen(self) -> None:
        """One bad thing: a failure of Airtable, a kill, or a Redis that forgets."""
        event = self._dice.choice(["write", "write", "write", "read", "kill", "kill", "forget"])
        if event == "kill":
            self._workers.kill(self._dice.choice(self._workers.living))
            self._workers.start(self._environ)
        elif event == "forget":
            await self._world.redis_forgets()
        else:
            method = self._dice.choice(WRITES if event == "write" else READS)
            fault, count = self._dice.choice(FAULTS), self._dice.randint(1, 3)
            self._world.airtable.control.fault(method=method, count=count, **fault)

    async def clear(self) -> None:
        """Nothing fails any more, and nobody works yet.

        There are no pauses to sit out, because new workers begin. What the former ones had sent
        ends first, as it does within the time of a lease.
        """
        self._workers.kill_all()
        self._world.airtable.control.clear_faults()
        await asyncio.sleep(2 * LATE)
        await self._world.redis_forgets()
        await self._world.db.execute(
            "UPDATE outbox_events SET lease_until = now() WHERE status = 'processing'"
        )

    async def settle(self) -> None:
        """Operators replay what died, and all is sent."""
        self.begin()
        await eventually(self._is_over, what="the end")
        self._workers.kill_all()

    async def _is_over(self) -> bool:
        db = self._world.db
        await letters.replay_matching(db, Search())
        await db.execute(
            "UPDATE outbox_events SET next_attempt_at = now() WHERE status = 'pending'"
        )
        await asyncio.sleep(0.1)
        return await is_drained(db) and not await letters.find_letters(db, Search(), 1)


async def is_drained(db: Database) -> bool:
    """Whether nothing waits to be sent; while Postgres is away nobody can say so."""
    try:
        waiting = await db.fetchval(
            "SELECT count(*) FROM outbox_events WHERE status IN ('pending', 'processing')"
        )
    except (DatabaseUnavailableError, asyncpg.PostgresError, OSError):
        return False
    return not waiting
