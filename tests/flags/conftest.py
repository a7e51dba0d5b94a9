"""Stages for the tests of the flags."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from api._lib.clock import ManualClock
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.openai import KEY, OpenAiStandIn
from tasks.dev.services import Postgres, Redis
from tests.databases import Databases
from tests.flags.stage import Stage
from tests.pools import Pools

MakeStage = Callable[[], Awaitable[Stage]]


@pytest.fixture
async def model() -> AsyncIterator[OpenAiStandIn]:
    """The language model."""
    async with OpenAiStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def make_stage(
    environ: dict[str, str],
    postgres: Postgres,
    redis: Redis,
    databases: Databases,
    airtable: AirtableServer,
    model: OpenAiStandIn,
    clock: ManualClock,
    pools: Pools,
) -> AsyncIterator[MakeStage]:
    """Makes empty stores and fills them; what stood there before is gone."""
    async with AsyncExitStack() as stack:

        async def make() -> Stage:
            name = databases.borrow()
            stack.callback(databases.give_back, name)
            redis.flush()
            airtable.control.reset()
            own = environ | {
                "DATABASE_URL": postgres.url(name),
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": model.base_url,
            }
            settings = load_settings(own, Role.TASK)
            db = await stack.enter_async_context(pools.database(settings, use="test"))
            stage = Stage(own, db, airtable, clock, pools)
            await stage.set_up()
            return stage

        yield make


@pytest.fixture
async def stage(make_stage: MakeStage) -> Stage:
    """One stage."""
    return await make_stage()
