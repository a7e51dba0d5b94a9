"""Personal goals over HTTP."""

import asyncio
import logging
import re
from typing import Any
from uuid import UUID

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Answer, Asking
from tests.tracking.seed import UNKNOWN, link

ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def add(person: Asking, name: str = "Wandelen", **more: Any) -> Any:
    answer = await person.post("personal-goals", name=name, **more)
    assert answer.status == 201, answer.body
    return answer.data


async def change(person: Asking, goal: Any, **body: Any) -> Answer:
    return await person.patch(f"personal-goals/{goal['id']}", **body)


async def names(person: Asking, **query: str) -> list[str]:
    return [goal["name"] for goal in (await person.get("personal-goals", **query)).data]


async def events(db: Database) -> list[tuple[str, str]]:
    """Operations queued for goals; all marked as sent, so that the next one is a new event."""
    rows = await db.fetch(
        "UPDATE outbox_events SET status = 'processed' WHERE status = 'pending'"
        " AND entity_type = 'personal_goal' RETURNING entity_id, operation"
    )
    return [(row["entity_id"], row["operation"]) for row in rows]


async def test_T8_a_new_goal_is_answered_as_the_client_reads_it(ann: Asking) -> None:
    goal = await add(ann, "  Wandelen ", description="Elke dag", scheduleDays=["Maandag"])
    assert UUID(goal["id"])
    assert ISO_MOMENT.fullmatch(goal["createdAt"])
    assert {key: goal[key] for key in ("name", "description", "userId", "status")} == {
        "name": "Wandelen",
        "description": "Elke dag",
        "userId": ann.id,
        "status": "Actief",
    }
    assert goal["scheduleDays"] == ["Maandag"]
    assert (await ann.get("personal-goals")).data == [goal]


async def test_empty_fields_are_absent(ann: Asking) -> None:
    goal = await add(ann, description="")
    assert "description" not in goal
    assert "scheduleDays" not in goal
    assert (await add(ann, "Lopen", scheduleDays=[]))["scheduleDays"] == []


async def test_planned_days_are_kept_once_and_monday_first(ann: Asking) -> None:
    goal = await add(ann, scheduleDays=["Vrijdag", "Maandag", "Vrijdag"])
    assert goal["scheduleDays"] == ["Maandag", "Vrijdag"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"name": None},
        {"name": 5},
        {"name": "Lopen", "description": "x" * 1001},
        {"name": "Lopen", "description": None},
        {"name": "Lopen", "scheduleDays": ["Monday"]},
        {"name": "Lopen", "scheduleDays": ["maandag"]},
        {"name": "Lopen", "scheduleDays": "Maandag"},
        {"name": "Lopen", "scheduleDays": ["Maandag"] * 8},
        {"name": "Lopen", "scheduleDays": None},
    ],
)
async def test_T3_a_goal_that_cannot_be_is_a_400_in_the_envelope(
    ann: Asking, body: dict[str, Any]
) -> None:
    answer = await ann.post("personal-goals", **body)
    assert answer.status == 400
    assert answer.error
    assert await names(ann) == []


async def test_unknown_days_are_named(ann: Asking) -> None:
    answer = await ann.post("personal-goals", name="Lopen", scheduleDays=["Monday", "Maandag"])
    assert "Monday" in answer.error
    assert "Maandag" not in answer.error


async def test_goals_are_listed_oldest_first_by_status(ann: Asking, bob: Asking) -> None:
    first, second, third = [await add(ann, name) for name in ("Een", "Twee", "Drie")]
    await add(bob, "Van Bob")
    await change(ann, second, status="Voltooid")
    await change(ann, third, status="Verwijderd")
    assert await names(ann) == ["Een"]
    assert await names(ann, include="voltooid") == ["Een", "Twee"]
    assert await names(ann, include="Voltooid") == ["Een"]
    await ann.delete(f"personal-goals/{first['id']}")
    assert await names(ann) == []


async def test_archived_goals_are_in_no_list_and_take_no_change(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    await db.execute("UPDATE personal_goals SET status = 'Gearchiveerd'")
    assert await names(ann, include="voltooid") == []
    assert (await change(ann, goal, name="Lopen")).status == 404
    assert (await ann.delete(f"personal-goals/{goal['id']}")).status == 404


async def test_absent_stays_and_empty_clears(ann: Asking) -> None:
    goal = await add(ann, description="Elke dag", scheduleDays=["Maandag"])
    renamed = (await change(ann, goal, name=" Lopen ")).data
    assert renamed == goal | {"name": "Lopen"}
    assert "description" not in (await change(ann, goal, description="")).data
    assert (await change(ann, goal, scheduleDays=[])).data["scheduleDays"] == []
    described = (await change(ann, goal, description="Weer")).data
    assert described["description"] == "Weer"
    cleared = (await change(ann, goal, description=None, scheduleDays=None)).data
    assert "description" not in cleared
    assert "scheduleDays" not in cleared


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "Lopen"},
        {"name": ""},
        {"name": "  "},
        {"name": None},
        {"status": "Gearchiveerd"},
        {"status": "voltooid"},
        {"status": None},
        {"scheduleDays": ["Monday"]},
        {"description": "x" * 1001},
    ],
)
async def test_T3_a_change_that_cannot_be_is_a_400_in_the_envelope(
    ann: Asking, body: dict[str, Any]
) -> None:
    goal = await add(ann)
    answer = await change(ann, goal, **body)
    assert answer.status == 400
    assert answer.error
    assert (await ann.get("personal-goals")).data == [goal]


async def test_achieving_notes_the_day_and_brings_no_points(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    assert (await change(ann, goal, status="Voltooid")).data["status"] == "Voltooid"
    assert str(await db.fetchval("SELECT completed_on FROM personal_goals")) == "2026-03-04"
    await change(ann, goal, status="Actief")
    assert await db.fetchval("SELECT completed_on FROM personal_goals") is None
    assert (await ann.get("rewards")).data["totalPoints"] == 0


async def test_both_ids_of_a_goal_are_understood(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    await link(db, "personal_goal", goal["id"], "recGoal0000000001")
    answer = await ann.patch("personal-goals/recGoal0000000001", name="Lopen")
    assert answer.data == goal | {"name": "Lopen"}
    assert (await ann.delete("personal-goals/recGoal0000000001")).status == 200


async def test_goals_of_others_are_404(ann: Asking, bob: Asking, db: Database) -> None:
    goal = await add(ann)
    await link(db, "personal_goal", goal["id"], "recGoal0000000001")
    for goal_id in (goal["id"], "recGoal0000000001", UNKNOWN, "recUnknown0000001"):
        assert (await bob.patch(f"personal-goals/{goal_id}", name="Van mij")).status == 404
        assert (await bob.delete(f"personal-goals/{goal_id}")).status == 404
    assert (await ann.get("personal-goals")).data == [goal]


async def test_malformed_ids_are_400(ann: Asking) -> None:
    assert (await ann.patch("personal-goals/mine", name="Lopen")).status == 400
    assert (await ann.delete("personal-goals/mine")).status == 400
    assert (await ann.get("personal-goals/mine")).status == 405


async def test_T17_the_limit_of_ten_holds_for_racing_requests(ann: Asking) -> None:
    for n in range(7):
        await add(ann, f"Doel {n}")
    answers = await asyncio.gather(
        *(ann.post("personal-goals", name=f"Meer {n}") for n in range(8))
    )
    assert sorted(answer.status for answer in answers) == [201] * 3 + [400] * 5
    assert len(await names(ann)) == 10
    assert "10" in next(answer.error for answer in answers if answer.status == 400)


async def test_T17_reopening_a_goal_counts_for_the_limit(ann: Asking) -> None:
    achieved = await add(ann, "Oud")
    await change(ann, achieved, status="Voltooid")
    for n in range(10):
        await add(ann, f"Doel {n}")
    assert (await change(ann, achieved, status="Actief")).status == 400
    assert (await change(ann, achieved, name="Ouder")).status == 200
    assert len(await names(ann)) == 10


async def test_T18_a_deleted_goal_cannot_be_changed_or_revived(ann: Asking) -> None:
    goal = await add(ann)
    await ann.delete(f"personal-goals/{goal['id']}")
    assert (await change(ann, goal, status="Actief")).status == 404
    assert (await change(ann, goal, name="Lopen")).status == 404


async def test_T19_deleting_twice_is_fine_and_sends_one_event(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    await events(db)
    for _ in range(2):
        answer = await ann.delete(f"personal-goals/{goal['id']}")
        assert (answer.status, answer.body) == (200, {"success": True, "data": None})
    assert await events(db) == [(goal["id"], "delete")]
    await ann.delete(f"personal-goals/{goal['id']}")
    assert await events(db) == []


async def test_T20_deleting_by_status_is_deleting(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    await events(db)
    assert (await change(ann, goal, status="Verwijderd")).data["status"] == "Verwijderd"
    assert await events(db) == [(goal["id"], "delete")]
    assert (await change(ann, goal, status="Verwijderd")).status == 404
    assert (await ann.delete(f"personal-goals/{goal['id']}")).status == 200


async def test_T21_every_change_is_an_event_of_its_own(ann: Asking, db: Database) -> None:
    goal = await add(ann, "a")
    sent = [await events(db)]
    for name in ("b", "a"):
        await change(ann, goal, name=name)
        sent.append(await events(db))
    assert sent == [[(goal["id"], "upsert")]] * 3


async def test_changing_nothing_sends_nothing(ann: Asking, db: Database) -> None:
    goal = await add(ann)
    await events(db)
    assert (await change(ann, goal, name="Wandelen")).status == 200
    assert await events(db) == []


async def test_T27_names_stay_out_of_the_log(ann: Asking, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    goal = await add(ann, "Minder piekeren", description="Over mijn scheiding")
    await change(ann, goal, name="Niet meer piekeren")
    await ann.post("personal-goals", name="Minder piekeren", scheduleDays=["piekerdag"])
    await ann.post("persoonlijke-overtuigingen", name="Ik mag piekeren")
    written = " ".join(str(record.__dict__) for record in caplog.records)
    assert "pieker" not in written
    assert "scheiding" not in written


async def test_T23_reminders_are_planned_anew_after_every_change(ann: Asking, db: Database) -> None:
    async def is_marked() -> bool:
        marked = await db.fetchval("DELETE FROM notification_planning RETURNING user_id")
        return bool(marked == ann.id)

    goal = await add(ann)
    assert await is_marked()
    for body in ({"scheduleDays": ["Maandag"]}, {"status": "Voltooid"}, {"status": "Actief"}):
        await change(ann, goal, **body)
        assert await is_marked()
    completion = {"userId": ann.id, "personalGoalId": goal["id"], "date": "2026-03-04"}
    await ann.post("personal-goal-usage", **completion)
    assert await is_marked()
    await ann.delete(f"personal-goals/{goal['id']}")
    assert await is_marked()
    await ann.delete(f"personal-goals/{goal['id']}")
    assert not await is_marked()
