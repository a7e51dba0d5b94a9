"""I6: all processes together never send more than five requests in any second, none in a pause."""

import asyncio
import json
import os
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from api._lib.airtable.errors import NotSentError, ThrottledError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane, Limiter
from api._lib.airtable.mapping import TABLES
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Settings
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.services import Redis
from tests.airtable import with_settings
from tests.prepared import prepared_python

ROOT = Path(__file__).parents[2]
REAL = {"AIRTABLE_MIN_INTERVAL_MS": "210"}


class Senders:
    """Processes that send as fast as they may."""

    def __init__(self, environ: dict[str, str], seconds: float, *lanes: Lane) -> None:
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ, **REAL}
        program = [prepared_python(), "-m", "tests.stores.pacing_client"]
        self._running = [
            subprocess.Popen(
                [*program, lane.name, str(seconds), "4"],
                cwd=ROOT,
                env=environ,
                stdout=subprocess.PIPE,
                text=True,
            )
            for lane in lanes
        ]

    def times(self) -> list[float]:
        """When each request of any of them started, once all have ended."""
        found: list[float] = []
        for process in self._running:
            output, _ = process.communicate(timeout=90)
            assert process.returncode == 0
            found += json.loads(output.splitlines()[-1])
        return sorted(found)


def busiest(times: list[float]) -> int:
    """The largest number of requests within any second."""
    return max((sum(start <= other < start + 1 for other in times) for start in times), default=0)


def test_I6_over_several_processes_with_the_real_limit_also_when_redis_forgets(
    airtable: AirtableServer, airtable_environ: dict[str, str], redis: Redis
) -> None:
    senders = Senders(airtable_environ, 8, Lane.OUTBOX, Lane.INTERACTIVE, Lane.INBOUND)
    airtable.control.wait_for(lambda: len(airtable.control.requests()) >= 8, 30)
    for _ in range(3):
        redis.flush()
        time.sleep(0.6)
    times = senders.times()
    assert busiest(times) <= 5, times
    assert len(times) > 8


def test_I6_while_redis_is_away_and_when_it_returns(
    airtable: AirtableServer, airtable_environ: dict[str, str], redis: Redis
) -> None:
    def sent() -> int:
        return len(airtable.control.requests())

    senders = Senders(airtable_environ, 7, Lane.OUTBOX, Lane.OUTBOX, Lane.INTERACTIVE)
    airtable.control.wait_for(lambda: sent() >= 3, 30)
    redis.kill()
    before = sent()
    time.sleep(2.5)
    without = sent() - before
    redis.start()
    returned = sent()
    times = senders.times()
    assert busiest(times) <= 5, times
    # One sender at three a second and one interactive request a second, after a short silence.
    assert 1 <= without <= 11
    assert sent() > returned


async def test_I6_after_a_429_nobody_sends_for_thirty_seconds(
    airtable: AirtableServer, settings: Settings, cache: Cache, db: Database
) -> None:
    first, second = (Gateway(settings, cache, db) for _ in range(2))
    airtable.control.fault(status=429, retry_after=7)
    with pytest.raises(ThrottledError):
        await first.page(TABLES["companies"], Lane.OUTBOX)
    for gateway in (first, second):
        for lane in Lane:
            with pytest.raises(NotSentError) as caught:
                await gateway.page(TABLES["companies"], lane)
            assert 29 < caught.value.retry_in <= 32
    assert len(airtable.control.requests()) == 1
    for gateway in (first, second):
        await gateway.close()


async def test_I6_the_silence_after_a_loss_begins_when_a_process_starts(
    settings: Settings, cache: Cache, db: Database
) -> None:
    """And not anew with each process; the first request then has less of it left to wait."""
    limiters = [
        Limiter(with_settings(settings, airtable_min_interval_ms=interval), cache, db)
        for interval in (60_000, 1)
    ]
    for limiter in limiters:
        await limiter.announce()
    for limiter in limiters:
        with pytest.raises(NotSentError, match="no turn"):
            await limiter.acquire(Lane.OUTBOX, patience=1)
        await limiter.close()


async def test_I6_a_slot_that_redis_has_forgotten_is_not_used(
    settings: Settings, cache: Cache, db: Database
) -> None:
    """Who asks after the loss does not know of it and may get the same moment."""
    quick, slow = (
        Limiter(with_settings(settings, airtable_min_interval_ms=interval), cache, db)
        for interval in (1, 700)
    )
    await quick.acquire(Lane.OUTBOX, patience=5)
    await slow.acquire(Lane.OUTBOX, patience=5)
    assert cache.client is not None
    key = f"sync:rl:{settings.airtable_base_id}"
    before = await cache.client.get(key)
    ahead = asyncio.create_task(slow.acquire(Lane.OUTBOX, patience=1))
    async with asyncio.timeout(5):
        while await cache.client.get(key) == before:
            await asyncio.sleep(0.01)
    await cache.client.flushall()
    with pytest.raises(NotSentError, match="no turn"):
        await ahead
    for limiter in (quick, slow):
        await limiter.close()


async def test_example_6_seven_callers_get_slots_at_equal_distance(
    settings: Settings, cache: Cache, db: Database
) -> None:
    limiter = Limiter(with_settings(settings, airtable_min_interval_ms=210), cache, db)
    loop = asyncio.get_running_loop()
    await limiter.acquire(Lane.OUTBOX, 10)
    began = loop.time()

    async def slot() -> float:
        await limiter.acquire(Lane.INTERACTIVE, 3)
        return loop.time() - began

    slots = sorted(await asyncio.gather(*(slot() for _ in range(6))))
    for number, at in enumerate(slots, 1):
        assert number * 0.21 - 0.03 <= at
    assert slots[-1] < 1.26 + 0.5


async def test_the_classes_reserve_as_far_ahead_as_they_may(
    settings: Settings, cache: Cache, db: Database
) -> None:
    limiter = Limiter(with_settings(settings, airtable_min_interval_ms=400), cache, db)
    await limiter.acquire(Lane.OUTBOX, 10)
    held = asyncio.create_task(limiter.acquire(Lane.OUTBOX, 10))
    await asyncio.sleep(0.05)
    for lane in (Lane.INBOUND, Lane.OUTBOX):
        with pytest.raises(NotSentError) as caught:
            await limiter.acquire(lane, 0.1)
        assert caught.value.reason == "busy"
    interactive = asyncio.create_task(limiter.acquire(Lane.INTERACTIVE, 3))
    await held
    await interactive
    callers = (limiter.acquire(Lane.INTERACTIVE, 1.5) for _ in range(5))
    done = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(outcome) for outcome in done].count(NotSentError) == 2


async def test_F3_five_failures_open_the_breaker_and_one_probe_closes_it(
    settings: Settings, cache: Cache, db: Database
) -> None:
    limiter, other = Limiter(settings, cache, db), Limiter(settings, cache, db)
    for _ in range(5):
        await limiter.acquire(Lane.OUTBOX, 10)
        await limiter.report("failure")
    with pytest.raises(NotSentError) as caught:
        await other.acquire(Lane.OUTBOX, 10)
    assert caught.value.reason == "open"
    assert 14 < caught.value.retry_in <= 15
    await _let_time_pass(cache, settings)
    probe = await other.acquire(Lane.OUTBOX, 10)
    assert probe.probe
    with pytest.raises(NotSentError):
        await limiter.acquire(Lane.OUTBOX, 10)
    await other.report("failure")
    with pytest.raises(NotSentError) as caught:
        await limiter.acquire(Lane.OUTBOX, 10)
    assert 29 < caught.value.retry_in <= 30
    await _let_time_pass(cache, settings)
    assert (await limiter.acquire(Lane.OUTBOX, 10)).probe
    await limiter.report("ok")
    assert not (await other.acquire(Lane.OUTBOX, 10)).probe


async def test_every_sent_request_is_counted(
    airtable: AirtableServer, settings: Settings, cache: Cache, db: Database
) -> None:
    gateway = Gateway(with_settings(settings, airtable_min_interval_ms=20), cache, db)
    await asyncio.gather(*(gateway.page(TABLES["companies"], Lane.INTERACTIVE) for _ in range(7)))
    assert cache.client is not None
    keys = [key async for key in cache.client.scan_iter(match="sync:calls:*")]
    counted = await cache.get(keys[0].decode())
    assert int(counted or 0) >= len(airtable.control.requests()) == 7
    await gateway.close()


async def _let_time_pass(cache: Cache, settings: Settings) -> None:
    """The breaker's time is over."""
    key = f"sync:breaker:{settings.airtable_base_id}"
    stored = await cache.get(key) or b""
    breaker = msgspec.json.decode(stored)
    await cache.set(key, msgspec.json.encode(breaker | {"until": 0}), 600)
