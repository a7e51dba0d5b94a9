"""A Postgres that keeps its connections and answers nothing, as after the loss of its machine."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from api._lib import pools
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings
from tests.lines import Line

SOON = 10.0


@pytest.fixture
async def line(settings: Settings) -> AsyncIterator[Line]:
    carrying = Line(settings.database_url)
    yield carrying
    await carrying.close()


async def dead_pool(settings: Settings, line: Line) -> Database:
    """A pool with an open connection that has just gone dead."""
    over = structs.replace(settings, database_url=await line.open(), pg_connect_timeout_ms=200)
    pool = await Database.connect(over)
    await pool.fetchval("SELECT 1")
    line.die()
    return pool


@pytest.fixture
async def away(
    settings: Settings, line: Line, db: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    """A dead pool that gives statements little time."""
    with monkeypatch.context() as only_here:
        only_here.setitem(pools.STATEMENT_TIMEOUT_MS, "mfa-web", 200)
        only_here.setattr(pools, "UNANSWERED_SECONDS", 0.1)
        pool = await dead_pool(settings, line)
    yield pool
    await pool.close()


async def test_a_statement_without_an_answer_is_unavailable(away: Database) -> None:
    async with asyncio.timeout(SOON):
        with pytest.raises(DatabaseUnavailableError):
            await away.fetchval("SELECT 1")


async def test_a_transaction_without_an_answer_is_unavailable(away: Database) -> None:
    async with asyncio.timeout(SOON):
        with pytest.raises(DatabaseUnavailableError):
            async with away.transaction() as tx:
                await tx.fetchval("SELECT 1")


async def test_M10_a_statement_that_is_given_up_ends_without_an_answer(
    settings: Settings, line: Line, db: Database
) -> None:
    pool = await dead_pool(settings, line)
    async with asyncio.timeout(SOON):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(pool.fetchval("SELECT 1"), 0.1)
    await pool.close()
