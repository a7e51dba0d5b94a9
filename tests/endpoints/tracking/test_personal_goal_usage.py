"""Completing personal goals over HTTP."""

import asyncio
from typing import Any

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Answer, Asking, inside
from tests.tracking.seed import UNKNOWN, link
from tests.waiting import until_somebody_waits

TODAY = "2026-03-04"


async def add(person: Asking) -> str:
    return str((await person.post("personal-goals", name="Wandelen")).data["id"])


async def do(person: Asking, goal: str, date: str = TODAY, **more: Any) -> Answer:
    body = {"userId": person.id, "personalGoalId": goal, "date": date}
    return await person.post("personal-goal-usage", **(body | more))


async def counts(person: Asking, date: str = TODAY) -> Any:
    return (await person.get("personal-goal-usage", date=date)).data


async def test_several_completions_a_day_each_count(ann: Asking) -> None:
    goal = await add(ann)
    assert await counts(ann) == {}
    await do(ann, goal, "2026-03-03")
    first, second = [(await do(ann, goal)).data for _ in range(2)]
    assert first.pop("id") != second.pop("id")
    assert first == {"pointsAwarded": 5, "todayCount": 1, "totalCount": 2}
    assert second == {"pointsAwarded": 5, "todayCount": 2, "totalCount": 3}
    assert await counts(ann) == {goal: {"today": 2, "total": 3}}
    assert await counts(ann, "2026-03-05") == {goal: {"today": 0, "total": 3}}
    assert (await ann.get("rewards")).data["personalGoalsScore"] == 15


async def test_racing_completions_are_counted_exactly(ann: Asking) -> None:
    goal = await add(ann)
    answers = await asyncio.gather(*(do(ann, goal) for _ in range(10)))
    assert sorted(answer.data["todayCount"] for answer in answers) == list(range(1, 11))
    assert (await ann.get("rewards")).data["personalGoalsScore"] == 50


async def test_an_idempotency_key_makes_a_retry_harmless(ann: Asking) -> None:
    goal, other = await add(ann), await add(ann)
    first = (await do(ann, goal, key="one")).data
    again = await do(ann, goal, key="one")
    assert again.status == 200
    assert again.data == first | {"pointsAwarded": 0}
    await do(ann, goal)
    elsewhere = await do(ann, other, key="one")
    assert (elsewhere.data["id"], elsewhere.data["totalCount"]) == (first["id"], 2)


async def test_an_idempotency_key_is_ones_own(ann: Asking, bob: Asking) -> None:
    first = await do(ann, await add(ann), key="one")
    other = await do(bob, await add(bob), key="one")
    assert [first.status, other.status] == [201, 201]
    assert other.data == first.data | {"id": other.data["id"]}


async def test_T22_an_unknown_goal_is_not_fetched_from_anywhere(ann: Asking, db: Database) -> None:
    """Nothing listens where Airtable would be, so that a call could only end in an error."""
    answer = await do(ann, "recUnknown0000001")
    assert answer.status == 404
    assert await db.fetchval("SELECT count(*) FROM personal_goals") == 0


async def test_both_ids_of_a_goal_are_understood(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    await link(db, "personal_goal", goal, "recGoal0000000001")
    assert (await do(ann, "recGoal0000000001")).data["totalCount"] == 1
    assert await counts(ann) == {goal: {"today": 1, "total": 1}}


@pytest.mark.parametrize("status", ["Voltooid", "Verwijderd"])
async def test_T18_only_pursued_goals_can_be_completed(ann: Asking, status: str) -> None:
    goal = await add(ann)
    await do(ann, goal)
    await ann.patch(f"personal-goals/{goal}", status=status)
    assert (await do(ann, goal)).status == 404
    assert await counts(ann) == {goal: {"today": 1, "total": 1}}
    assert (await ann.get("rewards")).data["personalGoalsScore"] == 5


async def test_T18_a_goal_that_is_just_being_given_up_is_not_completed(
    ann: Asking, db: Database
) -> None:
    goal = await add(ann)
    async with db.transaction() as tx:
        await tx.execute("UPDATE personal_goals SET status = 'Verwijderd'")
        completing = asyncio.create_task(do(ann, goal))
        await until_somebody_waits(db)
    assert (await completing).status == 404
    assert await counts(ann) == {}


async def test_the_goal_of_somebody_else_is_404(ann: Asking, bob: Asking, db: Database) -> None:
    goal = await add(ann)
    await link(db, "personal_goal", goal, "recGoal0000000001")
    assert (await do(bob, goal)).status == 404
    assert (await do(bob, "recGoal0000000001")).status == 404
    assert await counts(bob) == {}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": "recSomebodyElse01"}, 403),
        ({"personalGoalId": ""}, 400),
        ({"personalGoalId": "mine"}, 400),
        ({"personalGoalId": UNKNOWN}, 404),
        ({"personalGoalId": None}, 400),
        ({"date": "2026-02-24"}, 400),
        ({"date": "2026-03-06"}, 400),
        ({"date": "2026-02-30"}, 400),
        ({"date": None}, 400),
    ],
)
async def test_T7_bad_requests_change_nothing(
    ann: Asking, change: dict[str, Any], status: int
) -> None:
    answer = await do(ann, await add(ann), **change)
    assert answer.status == status
    assert answer.error
    assert await counts(ann) == {}


@pytest.mark.parametrize("query", [{}, {"date": "2026-13-45"}, {"date": ""}])
async def test_T7_the_day_asked_for_must_exist(ann: Asking, query: dict[str, str]) -> None:
    assert (await ann.get("personal-goal-usage", **query)).status == 400


async def test_only_ones_own_counts_can_be_asked_for(ann: Asking, bob: Asking) -> None:
    assert (await ann.get("personal-goal-usage", date=TODAY, userId=ann.id)).status == 200
    assert (await ann.get("personal-goal-usage", date=TODAY, userId=bob.id)).status == 403


async def test_a_completion_takes_at_most_seven_statements(
    ann: Asking, db: Database, statements: list[str]
) -> None:
    goal = await add(ann)
    await db.execute("DELETE FROM outbox_events")
    statements.clear()
    await do(ann, goal)
    assert len(inside(statements)) <= 7
    events = await db.fetch("SELECT entity_type, operation FROM outbox_events")
    assert {tuple(event) for event in events} == {
        ("personal_goal_usage", "upsert"),
        ("user", "upsert"),
    }
