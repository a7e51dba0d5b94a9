"""The recount inside somebody else's transaction."""

import asyncio
from datetime import date

import pytest

from api._lib.db import Database, Transaction
from api._lib.outbox import Event, enqueue
from api._lib.rewards import service as rewards
from tests.tracking.seed import add_content, record_id
from tests.waiting import until_somebody_waits

ANN = "recAnn00000000001"
TODAY = date(2026, 3, 4)


@pytest.fixture
async def ann(db: Database) -> str:
    """Somebody who did a method and has no rewards row yet."""
    await add_content(db)
    await db.execute("INSERT INTO users (id, email, name) VALUES ($1, 'ann@x.be', 'Ann')", ANN)
    await did(db)
    return ANN


async def did(db: Database) -> None:
    await db.execute(
        "INSERT INTO method_completions (user_id, method_id, completed_on, points)"
        " VALUES ($1, $2, $3, 8)",
        ANN,
        record_id("Meth", 0),
        TODAY,
    )


async def recount(tx: Transaction, user_id: str) -> list[Event]:
    await rewards.lock(tx, user_id)
    return await rewards.count(tx, user_id, TODAY)


async def total(db: Database) -> int:
    found: int = await db.fetchval("SELECT total_points FROM user_rewards WHERE user_id = $1", ANN)
    return found


async def test_a_recount_opens_a_missing_account_and_tells_what_changed(
    db: Database, ann: str
) -> None:
    async with db.transaction() as tx:
        events = await recount(tx, ann)
        await enqueue(tx, events)
    assert await total(db) == 8
    [event] = events
    assert (event.entity_type, event.entity_id, event.priority) == ("user", ann, 10)
    assert event.changed_fields == ["total_points", "mental_fitness_score", "badges"]


async def test_a_recount_that_finds_nothing_new_writes_nothing(db: Database, ann: str) -> None:
    async with db.transaction() as tx:
        await recount(tx, ann)
    before = await db.fetchrow("SELECT *, xmin::text FROM user_rewards")
    async with db.transaction() as tx:
        assert await recount(tx, ann) == []
    assert await db.fetchrow("SELECT *, xmin::text FROM user_rewards") == before


async def test_a_recount_that_is_rolled_back_leaves_nothing(db: Database, ann: str) -> None:
    async def interrupted() -> None:
        async with db.transaction() as tx:
            await recount(tx, ann)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await interrupted()
    assert await db.fetchval("SELECT count(*) FROM user_rewards") == 0
    assert await db.fetchval("SELECT count(*) FROM reward_ledger") == 0


async def test_R3_a_recount_waits_for_the_one_before_it(db: Database, ann: str) -> None:
    """Each sees all that was recorded before it, so the last one is right."""

    async def one_more() -> None:
        async with db.transaction() as tx:
            await rewards.lock(tx, ann)
            await tx.execute(
                "INSERT INTO method_completions (user_id, method_id, completed_on, points)"
                " VALUES ($1, $2, $3, 8)",
                ann,
                record_id("Meth", 0),
                TODAY,
            )
            await rewards.count(tx, ann, TODAY)

    await asyncio.gather(*(one_more() for _ in range(10)))
    assert await total(db) == 88


async def test_R3_an_account_that_somebody_else_has_just_opened_is_held_too(
    db: Database, ann: str
) -> None:
    async with db.transaction() as slower:
        async with db.transaction() as faster:
            await rewards.lock(faster, ann)
            holding = asyncio.create_task(rewards.lock(slower, ann))
            await until_somebody_waits(db)
        await holding
        assert await db.fetch("SELECT FROM user_rewards FOR UPDATE SKIP LOCKED") == []


class TestWithoutAirtable:
    """The flag keeps what people earn to ourselves."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        """Rewards live in Postgres only."""
        return environ | {"DATA_BACKEND_REWARDS": "postgres_only"}

    async def test_nothing_is_sent(self, db: Database, ann: str) -> None:
        async with db.transaction() as tx:
            assert await recount(tx, ann) == []
        assert await total(db) == 8
