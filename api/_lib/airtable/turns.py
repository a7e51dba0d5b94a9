"""Turns: one person's changes to records in Airtable are made one after the other.

What Postgres does with a row lock cannot be done there, and no database lock may be held while
Airtable is asked.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from redis.asyncio import Redis

from api._lib.airtable.errors import NotSentError
from api._lib.cache import Cache

LONGEST_SECONDS = 15
"""So long a process that died keeps others waiting."""

PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.05

RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class Turns:
    """Turns over all processes by Redis; while it is away, within this process."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._waiting: dict[str, int] = defaultdict(int)
        self._locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def of(self, person: str, seconds: int = LONGEST_SECONDS) -> AsyncIterator[None]:
        """Hold the turn of a person while the block runs; raises NotSentError after a while.

        `seconds`: how long the block may take at most.
        """
        lock = self._locks.setdefault(person, asyncio.Lock())
        self._waiting[person] += 1
        try:
            async with lock, self._shared(f"turn:{person}", seconds):
                yield
        finally:
            self._waiting[person] -= 1
            if not self._waiting[person]:
                del self._waiting[person], self._locks[person]

    @asynccontextmanager
    async def _shared(self, key: str, seconds: int) -> AsyncIterator[None]:
        client, mine = self._cache.client, uuid4().hex
        if client is None:
            yield
            return
        until = time.monotonic() + PATIENCE_SECONDS
        while not await self._take(client, key, mine, seconds):
            if time.monotonic() > until:
                raise NotSentError("busy with another change", 1.0)
            await asyncio.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            await self._cache.attempt(client.eval(RELEASE, 1, key, mine), None)

    async def _take(self, client: Redis, key: str, mine: str, seconds: int) -> bool:
        taking = client.set(key, mine, nx=True, ex=seconds)
        return await self._cache.attempt(taking, True) is not None
