"""I10: the oldest unsent change is never older than two minutes, a lock-out of thirty seconds
included; above that there is an alarm."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import TABLES
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync import status
from api._lib.sync.outbound import Outbound
from tests.airtable import with_settings
from tests.sync.hours import let_pass
from tests.sync.world import World

REAL_INTERVAL_MS = 210
LONGEST_LAG = 120


@pytest.fixture
async def real(settings: Settings, cache: Cache, db: Database) -> AsyncIterator[Gateway]:
    """The way to the stand-in at the real pace."""
    paced = with_settings(settings, airtable_min_interval_ms=REAL_INTERVAL_MS)
    opened = Gateway(paced, cache, db)
    yield opened
    await opened.close()


async def published(world: World, cache: Cache) -> dict[str, Any]:
    await status.publish(world.db, cache, world.settings, 1)
    stored: dict[str, Any] = msgspec.json.decode(await cache.get(status.STATUS_KEY) or b"")
    return stored


def sender(world: World, gateway: Gateway) -> Outbound:
    """A worker that has just started: it has no pause of its own to sit out."""
    return Outbound(world.db, gateway, world.settings, "worker-1")


async def test_example_7_a_lock_out_of_thirty_seconds_and_twelve_batches(
    world: World, real: Gateway
) -> None:
    """The lock-out costs thirty seconds, the slow start five, the rest goes at the usual pace."""
    await sender(world, real).drain()
    for number in range(120):
        await world.tick(day=number // 3, habit=number % 3)
    world.airtable.control.lock(30)
    await sender(world, real).drain()
    assert [request["status"] for request in world.writes()] == [429]
    await let_pass(world, 29)
    await sender(world, real).drain()
    assert len(world.writes()) == 1
    await let_pass(world, 3)
    assert await sender(world, real).drain() == 120
    assert {event["attempt_count"] for event in await world.events()} == {1}
    times = [request["time"] for request in world.writes()[1:]]
    assert len(times) == 12
    assert times[4] - times[0] > 3.5
    assert await _longest_delivery(world.db) < 50


async def _longest_delivery(db: Database) -> float:
    longest = "SELECT extract(epoch FROM max(processed_at - created_at))::float8 FROM outbox_events"
    return float(await db.fetchval(longest))


@pytest.mark.parametrize(("seconds", "state"), [(LONGEST_LAG - 5, "ok"), (121, "degraded")])
async def test_I10_the_alarm_is_raised_above_two_minutes(
    world: World, cache: Cache, seconds: int, state: str
) -> None:
    await world.tick()
    await let_pass(world, seconds)
    assert (await published(world, cache))["state"] == state


async def test_example_10_a_backlog_raises_the_alarm_and_holds_up_nobody(
    world: World, cache: Cache, db: Database, settings: Settings
) -> None:
    """While a late backlog goes out in full batches, interactive calls keep their slots."""
    for number in range(300):
        await world.tick(day=number // 3, habit=number % 3)
    await let_pass(world, LONGEST_LAG + 60)
    assert (await published(world, cache))["state"] == "degraded"
    gateway = Gateway(with_settings(settings, airtable_min_interval_ms=30), cache, db)
    draining = asyncio.create_task(sender(world, gateway).drain())
    for _ in range(4):
        await gateway.page(TABLES["companies"], Lane.INTERACTIVE)
    assert not draining.done()
    assert await draining == 300
    assert len(world.writes()) == 30
    assert (await published(world, cache))["state"] == "ok"
    await gateway.close()
