"""Administrators refresh everybody's stored scores."""

import asyncio
from typing import Any

import httpx

from api._lib.db import Database
from api._lib.rewards import service as rewards
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.endpoints.rewards.test_rewards import TODAY, do_method, tick
from tests.tracking.seed import record_id
from tests.waiting import until_somebody_waits

STALE = """
UPDATE user_rewards SET total_points = 999, mental_fitness_score = 990,
    good_habits_score = 9, current_streak = 3, longest_streak = 3, level = 4, bonus_points = 7"""


async def administrator(client: httpx.AsyncClient, make_person: MakePerson) -> Asking:
    return Asking(client, await make_person(role="admin"))


async def stored(db: Database, person: Asking) -> dict[str, Any]:
    row = await db.fetchrow("SELECT * FROM user_rewards WHERE user_id = $1", person.id)
    assert row is not None
    return dict(row)


async def test_R13_scores_are_counted_by_the_same_rules_as_everywhere(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, db: Database
) -> None:
    await do_method(ann)
    await tick(ann)
    await db.execute(STALE)
    admin = await administrator(client, make_person)
    answer = await admin.post("rewards/backfill")
    assert answer.data == {"updated": 2, "failed": 0, "total": 2}
    row = await stored(db, ann)
    assert (row["total_points"], row["mental_fitness_score"], row["good_habits_score"]) == (
        13,
        8,
        5,
    )
    kept = ("current_streak", "longest_streak", "level", "bonus_points")
    assert [row[name] for name in kept] == [3, 3, 4, 7]


async def test_only_those_whose_scores_changed_are_sent(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, bob: Asking, db: Database
) -> None:
    await do_method(ann)
    await do_method(bob)
    await db.execute("DELETE FROM outbox_events")
    await db.execute("UPDATE user_rewards SET total_points = 1 WHERE user_id = $1", ann.id)
    admin = await administrator(client, make_person)
    for _ in range(2):
        assert (await admin.post("rewards/backfill")).data["updated"] == 3
        rows = await db.fetch("SELECT entity_id, priority, merged_count FROM outbox_events")
        assert [tuple(row) for row in rows] == [(ann.id, 5, 1)]


async def test_what_is_being_recorded_meanwhile_is_counted(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, db: Database
) -> None:
    admin = await administrator(client, make_person)
    async with db.transaction() as tx:
        await rewards.lock(tx, ann.id)
        refreshing = asyncio.create_task(admin.post("rewards/backfill"))
        await until_somebody_waits(db)
        await tx.execute(
            "INSERT INTO habit_completions (user_id, habit_id, completed_on) VALUES ($1, $2, $3)",
            ann.id,
            record_id("Habit", 0),
            TODAY,
        )
        await rewards.count(tx, ann.id, TODAY)
    assert (await refreshing).status == 200
    assert (await stored(db, ann))["total_points"] == 5


async def test_people_who_are_not_active_are_left_alone(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, db: Database
) -> None:
    await db.execute("UPDATE users SET status = 'disabled' WHERE id = $1", ann.id)
    admin = await administrator(client, make_person)
    assert (await admin.post("rewards/backfill")).data["total"] == 1


async def test_a_person_that_fails_does_not_stop_the_others(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, bob: Asking, db: Database
) -> None:
    for person in (ann, bob):
        await do_method(person)
    await db.execute(STALE)
    await db.execute(
        f"ALTER TABLE user_rewards ADD CHECK (user_id <> '{ann.id}' OR total_points = 999)"
    )
    admin = await administrator(client, make_person)
    answer = await admin.post("rewards/backfill")
    assert answer.data == {"updated": 2, "failed": 1, "total": 3}
    assert (await stored(db, bob))["total_points"] == 8


async def test_a_second_run_at_the_same_time_is_refused(
    client: httpx.AsyncClient, make_person: MakePerson, db: Database
) -> None:
    admin = await administrator(client, make_person)
    async with rewards.alone(db) as first:
        assert first
        assert (await admin.post("rewards/backfill")).status == 409
    assert (await admin.post("rewards/backfill")).status == 200


async def test_it_waits_while_too_much_is_to_be_sent(
    client: httpx.AsyncClient, make_person: MakePerson, db: Database
) -> None:
    await db.execute(
        "INSERT INTO outbox_events (entity_type, entity_id, operation)"
        " SELECT 'user', n::text, 'upsert' FROM generate_series(1, 10001) AS n"
    )
    admin = await administrator(client, make_person)
    assert (await admin.post("rewards/backfill")).status == 503


async def test_R14_only_administrators_may(ann: Asking, client: httpx.AsyncClient) -> None:
    assert (await ann.post("rewards/backfill")).status == 403
    assert (await client.post("/api/rewards/backfill")).status_code == 401
    assert (await ann.get("rewards/backfill")).status == 405
