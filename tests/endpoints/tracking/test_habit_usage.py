"""Ticking habits over HTTP."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest

from api._lib.clock import ManualClock
from api._lib.db import Database
from tests.endpoints.asking import Asking, inside
from tests.endpoints.conftest import MakePerson
from tests.tracking.seed import record_id

WALK, READ = record_id("Habit", 0), record_id("Habit", 1)
TODAY = "2026-03-04"


async def tick(person: Asking, habit: str = WALK, date: str = TODAY) -> tuple[int, int]:
    answer = await person.post("habit-usage", userId=person.id, goedeGewoonteId=habit, date=date)
    return answer.status, answer.data["pointsAwarded"]


async def events(db: Database) -> list[tuple[str, str]]:
    rows = await db.fetch(
        "SELECT entity_type, operation FROM outbox_events WHERE status = 'pending' ORDER BY id"
    )
    return [(row["entity_type"], row["operation"]) for row in rows]


async def test_a_tick_counts_once_a_day(ann: Asking) -> None:
    assert await tick(ann) == (201, 5)
    assert await tick(ann) == (200, 0)
    assert await tick(ann, date="2026-03-03") == (201, 5)
    assert (await ann.get("habit-usage", date=TODAY)).data == [WALK]


async def test_a_repeated_tick_answers_the_id_of_the_first(ann: Asking) -> None:
    body = {"userId": ann.id, "goedeGewoonteId": WALK, "date": TODAY}
    first, second = [await ann.post("habit-usage", **body) for _ in range(2)]
    assert first.data["id"] == second.data["id"]


async def test_ticks_of_a_day_are_listed_in_order_and_only_ones_own(
    ann: Asking, bob: Asking
) -> None:
    await tick(ann, READ)
    await tick(ann, WALK)
    await tick(bob, record_id("Habit", 3))
    assert (await ann.get("habit-usage", date=TODAY)).data == [WALK, READ]
    assert (await ann.get("habit-usage", date="2026-03-05")).data == []


async def test_a_tick_after_midnight_counts_for_the_new_day_of_the_person(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, clock: ManualClock
) -> None:
    """At 00:30 in Brussels it is still yesterday for the server (client expectations 11.3)."""
    clock.moment = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
    night_owl = Asking(client, await make_person())
    assert await tick(night_owl, date="2026-03-04") == (201, 5)
    assert (await night_owl.get("habit-usage", date="2026-03-04")).data == [WALK]
    assert (await night_owl.get("rewards")).data["lastActiveDate"] == "2026-03-04"


async def test_T11_unticking_takes_the_points_back_in_the_same_transaction(
    db: Database, ann: Asking, statements: list[str]
) -> None:
    await tick(ann)
    await tick(ann, READ)
    statements.clear()
    answer = await ann.delete("habit-usage", userId=ann.id, goedeGewoonteId=WALK, date=TODAY)
    assert (answer.status, answer.body) == (200, {"success": True, "data": None})
    assert len(inside(statements)) <= 5
    rewards = (await ann.get("rewards")).data
    assert (rewards["goodHabitsScore"], rewards["totalPoints"]) == (5, 5)
    mirror = await db.fetchrow("SELECT * FROM user_rewards WHERE user_id = $1", ann.id)
    assert mirror is not None
    assert (mirror["good_habits_score"], mirror["total_points"]) == (5, 5)


async def test_unticking_again_changes_nothing(db: Database, ann: Asking) -> None:
    query = {"userId": ann.id, "goedeGewoonteId": WALK, "date": TODAY}
    assert (await ann.delete("habit-usage", **query)).status == 200
    assert await events(db) == []
    await tick(ann)
    for _ in range(2):
        assert (await ann.delete("habit-usage", **query)).status == 200
    assert ("goede_gewoonte_usage", "delete") in await events(db)
    assert (await ann.get("habit-usage", date=TODAY)).data == []


async def test_a_tick_and_its_event_are_one_transaction_of_at_most_five_statements(
    db: Database, ann: Asking, statements: list[str]
) -> None:
    statements.clear()
    await tick(ann)
    assert len(inside(statements)) <= 5
    assert await events(db) == [("user", "upsert"), ("goede_gewoonte_usage", "upsert")]


async def test_a_repeated_tick_writes_nothing(ann: Asking, statements: list[str]) -> None:
    await tick(ann)
    statements.clear()
    await tick(ann)
    assert len(inside(statements)) <= 2


async def test_racing_ticks_of_one_habit_make_one_tick(ann: Asking) -> None:
    answers = await asyncio.gather(*(tick(ann) for _ in range(12)))
    assert sorted(answers) == [(200, 0)] * 11 + [(201, 5)]
    assert (await ann.get("rewards")).data["goodHabitsScore"] == 5


async def test_older_clients_name_the_habit_methodId(ann: Asking) -> None:
    alias = {"userId": ann.id, "methodId": WALK, "date": TODAY}
    assert (await ann.post("habit-usage", **alias)).status == 201
    assert (await ann.post("habit-usage", **alias, goedeGewoonteId=READ)).status == 201
    assert (await ann.get("habit-usage", date=TODAY, userId="x")).data == [WALK, READ]
    assert (await ann.delete("habit-usage", **alias)).status == 200
    assert (await ann.get("habit-usage", date=TODAY)).data == [READ]


@pytest.mark.parametrize("verb", ["post", "delete"])
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": "recBob00000000001"}, 403),
        ({"goedeGewoonteId": "recUnknown0000001"}, 404),
        ({"goedeGewoonteId": record_id("Meth", 0)}, 404),
        ({"goedeGewoonteId": "walking"}, 400),
        ({"goedeGewoonteId": ""}, 400),
        ({"goedeGewoonteId": None}, 400),
        ({"userId": None}, 400),
        ({"date": None}, 400),
        ({"date": "2026-13-45"}, 400),
        ({"date": "04-03-2026"}, 400),
        ({"date": "2026-03-04T10:00:00Z"}, 400),
    ],
)
async def test_bad_requests_change_nothing(
    db: Database, ann: Asking, verb: str, change: dict[str, object], status: int
) -> None:
    request = {"userId": ann.id, "goedeGewoonteId": WALK, "date": TODAY} | change
    known = {key: value for key, value in request.items() if value is not None}
    answer = await getattr(ann, verb)("habit-usage", **known)
    assert answer.status == status
    assert answer.error
    assert await events(db) == []


@pytest.mark.parametrize(
    ("date", "status"),
    [("2026-02-24", 400), ("2026-02-25", 201), ("2026-03-05", 201), ("2026-03-06", 400)],
)
async def test_T6_T5_a_tick_outside_the_window_is_refused(
    ann: Asking, date: str, status: int
) -> None:
    body = {"userId": ann.id, "goedeGewoonteId": WALK, "date": date}
    assert (await ann.post("habit-usage", **body)).status == status


@pytest.mark.parametrize("date", ["2026-13-45", "2026-02-30", "yesterday", "", "20260304"])
async def test_T7_an_impossible_day_in_a_query_is_a_400(ann: Asking, date: str) -> None:
    assert (await ann.get("habit-usage", date=date)).status == 400


async def test_T7_a_repeated_day_is_a_400(ann: Asking) -> None:
    answer = await ann.ask("GET", f"habit-usage?date={TODAY}&date={TODAY}")
    assert answer.status == 400


async def test_the_day_is_required(ann: Asking) -> None:
    assert (await ann.get("habit-usage")).status == 400
