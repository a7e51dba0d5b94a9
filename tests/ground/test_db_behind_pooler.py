"""With PG_STATEMENT_CACHE=false nothing outlives a transaction, so a pooler may share servers."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from api._lib.db import Database, DatabaseUnavailableError
from api._lib.pools import limits_of_transaction
from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings

TEXT = "INSERT INTO translations (key, nl) VALUES ($1, $1)"
IN_TRANSACTION = "SELECT now() = statement_timestamp() AND $1::int = 1"
LIMITS = """
    SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS
    lock, current_setting('idle_in_transaction_session_timeout') AS idle"""


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """Settings as behind a pooler; DATABASE_DIRECT_URL leads past it."""
    pooled = {"PG_STATEMENT_CACHE": "false", "DATABASE_DIRECT_URL": environ["DATABASE_URL"]}
    return load_settings(environ | pooled, Role.APP)


@pytest.fixture
async def watched(db: Database, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A look at the sessions of the database from outside."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_each_statement_runs_in_a_transaction_of_its_own(db: Database) -> None:
    # Within a transaction block now() is the moment of its BEGIN, before the statement.
    assert await db.fetchval(IN_TRANSACTION, 1) is False
    row = await db.fetchrow(IN_TRANSACTION, 1)
    rows = await db.fetch(IN_TRANSACTION, 1)
    assert [row and row[0], rows[0][0]] == [False, False]
    await db.execute(TEXT, "a")
    await db.executemany(TEXT, [["b"], ["c"]])
    assert await db.fetchval("SELECT count(*) FROM translations") == 3


async def test_each_transaction_carries_the_limits(db: Database) -> None:
    expected = {"statement": "15s", "lock": "5s", "idle": "30s"}
    row = await db.fetchrow(LIMITS)
    assert row is not None
    assert dict(row) == expected
    async with db.transaction() as tx:
        row = await tx.fetchrow(LIMITS)
        assert row is not None
        assert dict(row) == expected


def test_the_limits_end_with_the_transaction() -> None:
    parts = limits_of_transaction("mfa-web").split("; ")
    assert len(parts) == 3
    assert all(part.startswith("SET LOCAL ") for part in parts)


async def test_no_prepared_statement_outlives_its_transaction(db: Database) -> None:
    names = "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"
    async with db.transaction() as tx:
        await tx.execute(TEXT, "a")
        assert await tx.fetchval(names) == 0
        assert await tx.fetchval(names) == 0


async def test_session_locks_are_held_past_the_pooler(
    db: Database, watched: asyncpg.Connection
) -> None:
    async with db.connection() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_lock(7)")
        assert await watched.fetchval("SELECT pg_try_advisory_lock(7)") is False
        limits = await connection.fetchrow(LIMITS)
        assert limits is not None
        assert limits["statement"] == "15s"
    assert await watched.fetchval("SELECT pg_try_advisory_lock(7)")


async def test_observers_see_the_statements_and_not_what_the_pooler_needs(db: Database) -> None:
    seen: list[str] = []
    db.observe(seen.append)
    await db.execute(TEXT, "a")
    assert seen == [TEXT]
    async with db.transaction() as tx:
        await tx.execute(TEXT, "b")
    assert [sql.rstrip(";") for sql in seen[1:]] == ["BEGIN", TEXT, "COMMIT"]


async def test_a_failed_statement_rolls_its_transaction_back(db: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.executemany(TEXT, [["a"], ["a"]])
    assert await db.fetchval("SELECT count(*) FROM translations") == 0


async def test_a_slow_statement_is_cut(db: Database) -> None:
    async def dawdle() -> None:
        async with db.transaction() as tx:
            await tx.execute("SET LOCAL statement_timeout = 20")
            await tx.execute("SELECT pg_sleep(5)")

    with pytest.raises(DatabaseUnavailableError):
        await dawdle()
    assert await db.fetchval("SELECT 1") == 1


def test_a_pooler_needs_a_way_past_it(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="DATABASE_DIRECT_URL is missing"):
        load_settings(environ | {"PG_STATEMENT_CACHE": "false"}, Role.WORKER)


async def test_a_pooler_that_is_away_is_reported_as_such(environ: dict[str, str]) -> None:
    away = {
        "DATABASE_URL": "postgresql://mfa:x@127.0.0.1:9/mfa",
        "DATABASE_DIRECT_URL": environ["DATABASE_URL"],
        "PG_STATEMENT_CACHE": "no",
    }
    database = await Database.connect(load_settings(environ | away, Role.APP))
    with pytest.raises(DatabaseUnavailableError):
        await database.fetchval("SELECT 1")
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await database.close()
