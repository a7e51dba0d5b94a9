"""Pools that outlive a test: to open a session costs more than most tests do in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from api._lib.db import Database
from api._lib.pools import open_pool
from api._lib.settings import Settings

if TYPE_CHECKING:
    from api._lib.db import Pool


class Pools:
    """Idle sessions of this test process, by whatever they were opened with."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Pool] = {}

    @asynccontextmanager
    async def database(
        self, settings: Settings, name: str = "mfa-web", use: str = "app"
    ) -> AsyncIterator[Database]:
        """What `Database.connect` makes, over sessions that may have served other tests.

        The product leaves nothing behind in a session but its statements; `use` keeps those of the
        application apart from those of the tests.
        """
        if not settings.pg_statement_cache:
            behind_pooler = await Database.connect(settings, name)
            yield behind_pooler
            await behind_pooler.close()
            return
        key = (use, name, *_facts(settings))
        pool = self._kept.get(key) or await open_pool(settings, name)
        try:
            yield Database(pool, pool, settings, "")
        finally:
            self._kept[key] = pool
            if not await _rests(pool):
                self._kept.pop(key).terminate()

    def close(self) -> None:
        """End all sessions."""
        while self._kept:
            self._kept.popitem()[1].terminate()


def _facts(settings: Settings) -> tuple[object, ...]:
    return (
        settings.session_database_url,
        settings.pg_pool_max,
        settings.pg_idle_timeout_ms,
        settings.pg_connect_timeout_ms,
        settings.pgsslmode,
    )


async def _rests(pool: "Pool") -> bool:
    """Whether nobody uses a session any more; what was just cancelled gives back a moment later."""
    for _ in range(20):
        if pool.get_idle_size() == pool.get_size():
            return True
        await asyncio.sleep(0.01)
    return False
