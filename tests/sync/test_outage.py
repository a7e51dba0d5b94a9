"""An hour without Airtable: nothing is lost, nothing dies, and all of it is sent afterwards within
what the limits allow."""

import random
from collections.abc import AsyncIterator

import pytest

from api._lib.airtable.gateway import Gateway
from api._lib.cache import Cache
from api._lib.context import Context, open_resources
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.outbound import Outbound
from api._lib.sync.reaper import reap
from api._lib.sync.reconcile.run import Reconciliation, Wish
from tests.scale import scaled
from tests.sync.compare import MADE_BY_US, differences
from tests.sync.hours import let_pass
from tests.sync.walk import Walk
from tests.sync.world import World

MINUTES = 60
STEP = 3
CHANGES = scaled(8, soak=100)
"""Changes per step of three minutes, besides as many new ticks."""

KINDS = len(MADE_BY_US) + 1
LONGEST_SILENCE = 300
"""Seconds until the breaker lets somebody try again at the latest."""

LONGEST_RETRY = 150
"""Seconds until the last event that had failed five times before is due again."""

DRAINS = 5
WAITING = "SELECT count(*) FROM outbox_events WHERE status IN ('pending', 'processing')"
MOST_TRIES = "SELECT coalesce(max(attempt_count), 0) FROM outbox_events"
DEAD = "SELECT count(*) FROM outbox_dead_letters"


class Workers:
    """Two workers in turn; each begins anew, so that neither sits out a pause by its own clock."""

    def __init__(self, world: World, gateways: list[Gateway]) -> None:
        self._world = world
        self._gateways = gateways

    async def work(self, minutes: float) -> None:
        """Send what may be sent, then let time pass."""
        world = self._world
        await reap(world.db, world.settings)
        self._gateways.reverse()
        await Outbound(world.db, self._gateways[0], world.settings, "worker").drain()
        await let_pass(world, 60 * minutes)


@pytest.fixture
async def workers(
    world: World, settings: Settings, cache: Cache, db: Database
) -> AsyncIterator[Workers]:
    """The workers of one base."""
    gateways = [Gateway(settings, cache, db) for _ in range(2)]
    yield Workers(world, gateways)
    for gateway in gateways:
        await gateway.close()


@pytest.fixture
async def ctx(settings: Settings) -> AsyncIterator[Context]:
    """What a comparison sees."""
    async with open_resources(settings, "mfa-worker") as resources:
        yield Context(resources)


@pytest.mark.soak
async def test_F3_an_hour_without_airtable_loses_nothing(
    world: World, ctx: Context, workers: Workers
) -> None:
    people, control = Walk(world, random.Random(1)), world.airtable.control
    await people.steps(CHANGES)
    await workers.work(1)
    control.clear_requests()
    control.fault(status=503, count=10)
    control.fault(drop=True, count=0)
    for step in range(MINUTES // STEP):
        await people.steps(CHANGES)
        for number in range(CHANGES):
            day, habit = divmod(step * CHANGES + number, len(world.habits))
            await world.tick(100 + day, habit)
        await workers.work(STEP)
    assert len(control.requests()) < MINUTES
    assert await world.db.fetchval(MOST_TRIES) < world.settings.sync_max_retries
    assert await world.db.fetchval(DEAD) == 0

    control.clear_faults()
    control.clear_requests()
    await let_pass(world, LONGEST_SILENCE)
    waiting = await world.db.fetchval(WAITING)
    for _ in range(DRAINS):
        await workers.work(LONGEST_RETRY / 60 / DRAINS)
    assert await world.db.fetchval(WAITING) == 0
    assert await world.db.fetchval(DEAD) == 0
    # Full batches, but for the last of each kind of upserts and of deletes.
    assert len(control.requests()) <= waiting / 10 + 2 * KINDS
    assert await differences(world.db, world.airtable) == []
    await _no_difference(ctx)


async def _no_difference(ctx: Context) -> None:
    report = await Reconciliation(ctx, Wish(kinds=[*map(str, MADE_BY_US), "user"])).go()
    assert [c.entity for c in report.comparisons if c.differences or c.error] == []
