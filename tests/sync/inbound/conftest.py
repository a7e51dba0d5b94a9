"""The reading half against the stand-in: an empty base, or the whole demo base."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.context import Context, open_resources
from api._lib.settings import Settings
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.demo import demo_base, demo_views
from tests.pools import Pools
from tests.sync.conftest import airtable_environ
from tests.sync.world import World

__all__ = ["airtable_environ"]

TODAY = date(2026, 3, 4)


@pytest.fixture
async def ctx(settings: Settings, pools: Pools) -> AsyncIterator[Context]:
    """What a run of a job sees."""
    async with (
        pools.database(settings, "mfa-worker") as database,
        open_resources(settings, "mfa-worker", database=database) as resources,
    ):
        yield Context(resources)


@pytest.fixture
def demo(airtable: AirtableServer) -> AirtableServer:
    """The stand-in with the demo base."""
    airtable.control.load(demo_base(TODAY), demo_views())
    return airtable


@pytest.fixture
async def ticked(world: World, outbound: Outbound) -> World:
    """Three ticks and a goal that stand in both stores."""
    for day in range(3):
        await world.tick(day)
    await world.add(E.PERSONAL_GOAL, name="Wandelen")
    await outbound.drain()
    return world
