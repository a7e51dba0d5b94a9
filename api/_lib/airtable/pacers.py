"""Who may send when: by Redis for all processes, by turns in Postgres while Redis is away."""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta

import asyncpg
from msgspec import Struct
from redis.asyncio import Redis

from api._lib.airtable import store
from api._lib.airtable.pacing import (
    ANNOUNCE,
    CONFIRM,
    LOOK,
    REPORT,
    RESERVE,
    SILENT_INTERVALS,
)
from api._lib.airtable.weather import Weather
from api._lib.db import Connection, Database, DatabaseUnavailableError

FALLBACK_INTERVALS = 5 / 3
"""While Redis is away the one sender keeps that much more distance: three requests a second."""


class Answer(Struct, frozen=True):
    """What a pacer says: go, busy, paused, open, early or late; times in seconds."""

    verdict: str
    wait: float = 0.0
    probe: bool = False
    slot: int = 0
    since: int = 0
    """Since when Redis has counted slots without a loss."""


class RedisPacer:
    """Slots, pause and breaker that all processes share."""

    def __init__(self, client: Redis, base: str) -> None:
        self._client = client
        self._base = base
        self._announce = client.register_script(ANNOUNCE)
        self._reserve = client.register_script(RESERVE)
        self._confirm = client.register_script(CONFIRM)
        self._report = client.register_script(REPORT)
        self._look = client.register_script(LOOK)

    async def announce(self, interval_ms: int) -> bool:
        """Begin the silence if nobody knows what was sent last."""
        await self._announce(keys=self._keys(), args=[interval_ms])
        return True

    async def reserve(self, interval_ms: int, horizon_ms: int, width: int) -> Answer:
        """Take the next free slot, if it is not further ahead than the horizon."""
        answer = await self._reserve(keys=self._keys(), args=[interval_ms, horizon_ms, width])
        verdict, wait, probe, slot, since = answer
        return Answer(verdict.decode(), wait / 1000, bool(probe), slot, since)

    async def confirm(self, given: Answer, tolerance_ms: int) -> Answer:
        """Whether the reserved slot is now and sending still makes sense."""
        args = [given.slot, tolerance_ms, int(given.probe), given.since]
        verdict, wait = await self._confirm(keys=self._keys(), args=args)
        return Answer(verdict.decode(), wait / 1000)

    async def report(self, outcome: str, pause_ms: int = 0) -> bool:
        """Tell all processes how a request ended."""
        await self._report(keys=self._keys(), args=[outcome, pause_ms])
        return True

    async def obstacle(self) -> str | None:
        """Why nobody may send now, without taking a slot."""
        verdict: bytes = await self._look(keys=self._keys(), args=[])
        return verdict.decode() or None

    def _keys(self) -> list[str]:
        month = datetime.now(UTC).strftime("%Y-%m")
        names = ("rl", "pause", "breaker")
        return [f"sync:{name}:{self._base}" for name in names] + [
            f"sync:calls:{self._base}:{month}"
        ]


class PostgresPacer:
    """One background sender at three requests a second, and one interactive request a second."""

    def __init__(self, db: Database, interval: float) -> None:
        self._db = db
        self._interval = interval * FALLBACK_INTERVALS
        self.silence = interval * SILENT_INTERVALS
        """Who takes over the sending waits until nothing sent before counts any more."""
        self.weather = Weather()
        self._turn: Connection | None = None
        self._held = AsyncExitStack()
        self._free_at = 0.0
        self._lock = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    async def reserve(self, interactive: bool) -> Answer:
        """Wait for the turn of this process, or say how long to wait."""
        now = time.monotonic()
        await self._learn_pause()
        if obstacle := self.weather.obstacle(now):
            return Answer(*obstacle)
        took = await (self._take_second() if interactive else self._take_turn())
        if not took:
            return Answer("busy", 0.1 if interactive else self.silence)
        wait = 0.0 if interactive else self._next_wait()
        return Answer("go", wait, self.weather.start(time.monotonic()))

    async def report(self, outcome: str, pause_ms: int = 0) -> None:
        """Remember how a request ended; a pause also for processes that start later."""
        self.weather.report(outcome, time.monotonic(), pause_ms / 1000)
        if outcome == "throttled":
            with suppress(DatabaseUnavailableError):
                ends = datetime.now(UTC) + timedelta(milliseconds=pause_ms)
                await store.note_pause(self._db, ends)

    async def release(self) -> None:
        """Let another process send."""
        async with self._lock:
            self._turn = None
            with suppress(DatabaseUnavailableError, asyncpg.PostgresError, OSError):
                await self._held.aclose()

    async def _take_turn(self) -> bool:
        async with self._lock:
            if self._turn is not None and not self._turn.is_closed():
                return True
            await self._held.aclose()
            connection = await self._held.enter_async_context(self._db.connection())
            if not await store.try_turn(connection, store.BACKGROUND_TURN):
                await self._held.aclose()
                return False
            self._turn = connection
            self._free_at = time.monotonic() + self.silence
            return True

    def _next_wait(self) -> float:
        now = time.monotonic()
        slot = max(now, self._free_at)
        self._free_at = slot + self._interval
        return slot - now

    async def _take_second(self) -> bool:
        stack = AsyncExitStack()
        connection = await stack.enter_async_context(self._db.connection())
        if not await store.try_turn(connection, store.INTERACTIVE_TURN):
            await stack.aclose()
            return False
        closing = asyncio.create_task(self._close_later(stack))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return True

    async def _close_later(self, stack: AsyncExitStack) -> None:
        try:
            await asyncio.sleep(self.silence)
        finally:
            with suppress(DatabaseUnavailableError, asyncpg.PostgresError, OSError):
                await stack.aclose()

    async def _learn_pause(self) -> None:
        until = await store.paused_until(self._db)
        left = (until - datetime.now(UTC)).total_seconds() if until else 0.0
        if left > 0:
            self.weather.paused_until = max(self.weather.paused_until, time.monotonic() + left)
