"""The pool, and transactions that end in commit or rollback, nothing else."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest
from msgspec import structs

from api._lib.db import Database, DatabaseUnavailableError, Transaction
from api._lib.settings import Settings

TEXT = "INSERT INTO translations (key, nl) VALUES ($1, $1)"
COUNT = "SELECT count(*) FROM translations"


async def test_a_transaction_commits_on_success(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(TEXT, "a")
    assert await db.fetchval(COUNT) == 1


async def test_a_transaction_rolls_back_on_an_error(db: Database) -> None:
    async def fail() -> None:
        async with db.transaction() as tx:
            await tx.execute(TEXT, "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await db.fetchval(COUNT) == 0


async def test_a_transaction_rolls_back_when_cancelled(db: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with db.transaction() as tx:
            await tx.execute(TEXT, "a")
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await db.fetchval(COUNT) == 0


async def test_a_savepoint_loses_its_part_only(db: Database) -> None:
    async def fail(tx: Transaction) -> None:
        async with tx.savepoint():
            await tx.execute(TEXT, "b")
            await tx.execute(TEXT, "a")

    async with db.transaction() as tx:
        await tx.execute(TEXT, "a")
        with pytest.raises(asyncpg.UniqueViolationError):
            await fail(tx)
    assert await db.fetchval(COUNT) == 1


async def test_when_rollback_fails_the_first_error_is_seen(db: Database) -> None:
    async def lose_the_connection() -> None:
        async with db.transaction() as tx:
            pid = await tx.fetchval("SELECT pg_backend_pid()")
            await db.execute("SELECT pg_terminate_backend($1)", pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await lose_the_connection()
    assert await db.fetchval("SELECT 1") == 1


async def test_idempotent_blocks_are_tried_again_after_a_deadlock(db: Database) -> None:
    for key in "ab":
        await db.execute(TEXT, key)
    both_hold_one = asyncio.Barrier(2)
    first = {"a": True, "b": True}

    async def swap(mine: str, other: str) -> None:
        async def block(tx: Transaction) -> None:
            await tx.execute("UPDATE translations SET nl = nl || 'x' WHERE key = $1", mine)
            if first[mine]:
                first[mine] = False
                await both_hold_one.wait()
            await tx.execute("UPDATE translations SET nl = nl || 'x' WHERE key = $1", other)

        await db.run(block)

    await asyncio.gather(swap("a", "b"), swap("b", "a"))
    rows = await db.fetch("SELECT nl FROM translations ORDER BY key")
    assert [row["nl"] for row in rows] == ["axx", "bxx"]


async def test_a_full_pool_is_unavailable_not_an_endless_wait(settings: Settings) -> None:
    small = structs.replace(settings, pg_pool_max=1, pg_connect_timeout_ms=200)
    db = await Database.connect(small)
    async with db.transaction():
        with pytest.raises(DatabaseUnavailableError):
            await db.fetchval("SELECT 1")
    await db.close()


@pytest.mark.parametrize("part", ["port", "database", "user"])
async def test_a_server_that_lets_nobody_in_is_unavailable(settings: Settings, part: str) -> None:
    known = urlsplit(settings.database_url)
    wrong = {
        "port": known._replace(netloc="mfa:pw@127.0.0.1:9"),
        "database": known._replace(path="/nowhere"),
        "user": known._replace(netloc=f"nobody:pw@{known.netloc.rpartition('@')[2]}"),
    }
    away = structs.replace(settings, database_url=wrong[part].geturl())
    db = await Database.connect(away)
    with pytest.raises(DatabaseUnavailableError):
        await db.fetchval("SELECT 1")
    await db.close()


async def test_sessions_have_their_limits(db: Database) -> None:
    row = await db.fetchrow(
        """SELECT current_setting('statement_timeout') AS statement,
           current_setting('lock_timeout') AS lock, current_setting('TimeZone') AS zone,
           current_setting('application_name') AS name"""
    )
    assert row is not None
    assert tuple(row) == ("15s", "5s", "UTC", "mfa-web")


async def test_a_borrowed_connection_is_given_back_clean(db: Database) -> None:
    async with db.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock(7)")
        await connection.execute("LISTEN somewhere")
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert await db.fetchval(held) == 0
