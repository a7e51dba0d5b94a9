"""A process that can send, a push service to send to, and methods to be reminded of."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from api._lib.clock import ManualClock
from api._lib.context import Context, Resources, open_resources
from api._lib.db import Database
from api._lib.notifications.service import Sender
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.notifications.ann import Ann, make_ann
from tests.notifications.seed import PUSH_ENVIRON
from tests.pools import Pools
from tests.tracking.seed import add_content

MONDAY_MORNING = datetime(2026, 2, 23, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the Monday morning of the worked plans."""
    return ManualClock(MONDAY_MORNING)


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """Settings with which pushes go to any address."""
    return load_settings(environ | PUSH_ENVIRON, Role.APP)


@pytest.fixture
async def resources(
    settings: Settings, clock: ManualClock, pools: Pools
) -> AsyncIterator[Resources]:
    """What a process holds open."""
    async with (
        pools.database(settings) as database,
        open_resources(settings, clock=clock, database=database) as opened,
    ):
        yield opened


@pytest.fixture
async def ctx(resources: Resources, db: Database) -> Context:
    """A run of a job, where there are methods."""
    await add_content(db)
    return Context(resources)


@pytest.fixture
async def push_service() -> AsyncIterator[PushStandIn]:
    """A push service; what arrives there can be read."""
    async with PushStandIn() as service:
        yield service


@pytest.fixture
def sender(resources: Resources) -> Sender:
    """The sending half of the process."""
    return Sender(resources, asyncio.Event())


@pytest.fixture
async def ann(ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock) -> Ann:
    """Ann, whose one reminder is due now."""
    return await make_ann(ctx, db, push_service, clock)
