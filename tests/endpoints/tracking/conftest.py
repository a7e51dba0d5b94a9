"""A server with content, Ann and Bob."""

from collections.abc import AsyncIterator

import pytest

from api._lib.clock import ManualClock
from api._lib.settings import Settings
from tests.tracking.seed import ANN, BOB, add_content, add_user
from tests.tracking.server import Person, Server, serve


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    """The running application with methods, habits and beliefs."""
    async with serve(settings, clock) as running:
        await add_content(running.db)
        yield running


@pytest.fixture
async def ann(server: Server) -> Person:
    """A participant."""
    await add_user(server.db, ANN)
    return await server.sign_in(ANN)


@pytest.fixture
async def bob(server: Server) -> Person:
    """Somebody else."""
    await add_user(server.db, BOB)
    return await server.sign_in(BOB)
