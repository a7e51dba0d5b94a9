"""The one limiter before every request: never more than five in any second, for all processes."""

import asyncio
import random
import time
from collections.abc import Awaitable
from enum import Enum
from typing import TypeVar

from msgspec import Struct
from redis.exceptions import RedisError

from api._lib.airtable.errors import NotSentError
from api._lib.airtable.pacers import Answer, PostgresPacer, RedisPacer
from api._lib.cache import Cache
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings

T = TypeVar("T")

TOLERANCE = 0.025
"""A request must start within that many seconds after its slot, or slots lose their distance."""

PROBE_TOLERANCE = 5.0
RETRY_REDIS_SECONDS = 1.0
PATIENCE_OF_INBOUND = 10.0
LONGEST_PAUSE_SECONDS = 600.0


class Lane(Enum):
    """Why a request is made; the value is how many seconds ahead it may reserve a slot."""

    INTERACTIVE = 3.0
    OUTBOX = 1.0
    INBOUND = 0.0


class Grant(Struct, frozen=True):
    """Leave to send one request now."""

    start_before: float
    """Monotonic time after which the request must not start any more."""
    probe: bool = False


class Limiter:
    """Hands out slots; knows pauses after a 429 and the breaker during an outage."""

    def __init__(self, settings: Settings, cache: Cache, db: Database) -> None:
        base = settings.airtable_base_id or "none"
        self._redis = RedisPacer(cache.client, base) if cache.client else None
        self._postgres = PostgresPacer(db, settings.airtable_min_interval_ms / 1000)
        self._interval_ms = settings.airtable_min_interval_ms
        self._pause_seconds = settings.airtable_pause_seconds
        self._away_since: float | None = None
        self._failed_at = 0.0

    async def announce(self) -> None:
        """Begin the silence of a Redis that knows nothing, so that the first request need not."""
        if self._redis is not None:
            await self._attempt(self._redis.announce(self._interval_ms), False)

    async def acquire(self, lane: Lane, patience: float, tries: int = 0) -> Grant:
        """Wait for leave to send; raises NotSentError when there is none within the patience.

        `tries` counts the grants this request got but could not use in time: a busy machine gets
        wider slots.
        """
        began = time.monotonic()
        while True:
            asked = time.monotonic()
            waited = asked - began
            answer = await self._reserve(lane, waited, patience, tries)
            if answer.verdict == "go":
                grant = await self._confirmed(answer, asked, self._tolerance(answer, tries))
                if grant is not None:
                    return grant
                tries += 1
            elif answer.verdict != "busy" or waited + answer.wait > patience:
                raise NotSentError(answer.verdict, answer.wait)
            else:
                await asyncio.sleep(answer.wait)

    async def report(self, outcome: str, retry_after: float = 0.0) -> None:
        """Tell how a request ended: ok, failure, auth or throttled."""
        seconds = min(max(retry_after, self._pause_seconds), LONGEST_PAUSE_SECONDS)
        pause_ms = round((seconds + random.uniform(0, 2)) * 1000)
        redis = self._present_redis
        if redis is None or not await self._attempt(redis.report(outcome, pause_ms), False):
            await self._postgres.report(outcome, pause_ms)

    async def obstacle(self) -> str | None:
        """Why nobody may send now: paused, open, or nothing."""
        redis = self._present_redis
        if redis is None:
            known = self._postgres.weather.obstacle(time.monotonic())
            return known[0] if known else None
        return await self._attempt(redis.obstacle(), None)

    async def close(self) -> None:
        """Give up the turn to send."""
        await self._postgres.release()

    async def _reserve(self, lane: Lane, waited: float, patience: float, tries: int) -> Answer:
        horizon = _horizon(lane, waited, patience)
        if redis := self._redis_to_ask():
            reserving = redis.reserve(self._interval_ms, round(horizon * 1000), _width(tries))
            answer = await self._attempt(reserving, None)
            if answer is not None:
                return await self._welcome_back(redis) or answer
        try:
            return await self._reserve_by_turns(lane)
        except DatabaseUnavailableError as error:
            raise NotSentError("no limiter", RETRY_REDIS_SECONDS) from error

    async def _reserve_by_turns(self, lane: Lane) -> Answer:
        # Slots handed out by Redis may still be used for a moment after it went away.
        quiet = (self._away_since or 0.0) + self._postgres.silence - time.monotonic()
        if quiet > 0:
            return Answer("busy", quiet)
        return await self._postgres.reserve(lane is Lane.INTERACTIVE)

    async def _confirmed(self, answer: Answer, asked: float, tolerance: float) -> Grant | None:
        """The grant, once its moment has come; nothing when the moment was missed."""
        redis = self._present_redis
        if answer.slot == 0 or redis is None:
            await asyncio.sleep(answer.wait)
            if obstacle := self._postgres.weather.obstacle(time.monotonic()):
                raise NotSentError(*obstacle)
            return Grant(time.monotonic() + tolerance, answer.probe)
        if answer.wait == 0:
            return Grant(asked + tolerance, answer.probe)
        wait = answer.wait
        while wait > 0:
            await asyncio.sleep(wait)
            asked = time.monotonic()
            confirming = redis.confirm(answer, round(tolerance * 1000))
            now = await self._attempt(confirming, Answer("late"))
            if now.verdict in ("paused", "open"):
                raise NotSentError(now.verdict, now.wait)
            if now.verdict == "go":
                return Grant(asked + tolerance, answer.probe)
            wait = now.wait
        return None

    async def _welcome_back(self, redis: RedisPacer) -> Answer | None:
        """Silence after an outage of Redis, for what was sent without it."""
        if self._away_since is None:
            return None
        self._away_since = None
        await self._postgres.release()
        silence = self._postgres.silence
        await self._attempt(redis.report("throttled", round(silence * 1000)), False)
        return Answer("paused", silence)

    @property
    def _present_redis(self) -> RedisPacer | None:
        """Redis, unless it is away."""
        return self._redis if self._away_since is None else None

    def _redis_to_ask(self) -> RedisPacer | None:
        """Redis; while it is away, once a second.

        That is less than the silence after its return: when the first process sends again by
        Redis, the last one has stopped to send without it.
        """
        failed_just_now = time.monotonic() - self._failed_at < RETRY_REDIS_SECONDS
        return None if self._away_since and failed_just_now else self._redis

    async def _attempt(self, operation: Awaitable[T], otherwise: T) -> T:
        try:
            return await operation
        except (RedisError, OSError, TimeoutError):
            self._failed_at = time.monotonic()
            self._away_since = self._away_since or self._failed_at
            return otherwise

    def _tolerance(self, answer: Answer, tries: int) -> float:
        # A probe goes out alone, so its exact moment does not matter.
        extra = PROBE_TOLERANCE if answer.probe else 0.0
        return TOLERANCE + (_width(tries) - 1) * self._interval_ms / 1000 + extra


def _horizon(lane: Lane, waited: float, patience: float) -> float:
    """How far ahead to reserve; polls that were pushed aside for long count as outbox."""
    if lane is Lane.INBOUND and waited > PATIENCE_OF_INBOUND:
        return Lane.OUTBOX.value
    return min(lane.value, max(patience - waited, 0.0))


def _width(tries: int) -> int:
    """Intervals to reserve: one, and more for a machine that misses its moments."""
    return max(1, tries)
