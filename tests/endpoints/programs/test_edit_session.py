"""Editing sessions of later days."""

from typing import Any

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import (
    complete,
    create_whole,
    detail,
    events,
    link,
    planning_reasons,
    take_events,
)
from tests.programs.catalogue import BREATHE, FOCUS, SCAN, STRESS, UNKNOWN, WALK, WRITE


async def first_session(person: Asking, start: str = "2026-03-09") -> tuple[str, Any]:
    """A program's path to its first session, and the session."""
    program = await create_whole(person, start)
    session = (await detail(person, program["id"]))["schedule"][0]
    return f"programs/{program['id']}/schedule/{session['id']}", session


async def test_methods_are_replaced_and_described_anew(ann: Asking, db: Database) -> None:
    path, session = await first_session(ann)
    await take_events(db)
    await planning_reasons(db)
    answer = await ann.patch(path, methods=[WRITE, BREATHE, WRITE])
    assert answer.status == 200
    assert answer.data == {
        **session,
        "methodIds": [WRITE, BREATHE],
        "sessionDescription": "Schrijven (15 min)\nAdemen (10 min)",
    }
    assert await events(db) == [("program_schedule", "upsert", 35)]
    assert await planning_reasons(db) == ["session changed"]
    stored = await detail(ann, session["programId"])
    assert stored["schedule"][0] == answer.data
    assert stored["methods"] == [BREATHE, SCAN]
    assert {method["id"] for method in stored["methodDetails"]} == {BREATHE, SCAN, WRITE}


async def test_goals_and_notes_change_only_when_given(ann: Asking) -> None:
    path, session = await first_session(ann)
    answer = await ann.patch(path, methods=[WALK], goals=[FOCUS], notes="Buiten")
    assert (answer.data["goalIds"], answer.data["notes"]) == ([FOCUS], "Buiten")
    answer = await ann.patch(path, methods=[WALK])
    assert (answer.data["goalIds"], answer.data["notes"]) == ([FOCUS], "Buiten")
    answer = await ann.patch(path, methods=[WALK], goals=[], notes=None)
    assert answer.data["goalIds"] == []
    assert "notes" not in answer.data
    assert session["goalIds"] == [STRESS]


async def test_P14_the_answer_tells_what_was_really_done(ann: Asking, db: Database) -> None:
    path, session = await first_session(ann)
    usage = await complete(db, ann, BREATHE, session=session["id"])
    answer = await ann.patch(path, methods=[WALK, BREATHE])
    assert answer.data["completedMethodIds"] == [BREATHE]
    assert answer.data["methodUsageIds"] == [str(usage)]
    assert answer.data["isCompleted"] is False
    assert (await ann.patch(path, methods=[BREATHE])).data["isCompleted"] is True


@pytest.mark.parametrize(
    ("when", "status"),
    [(None, 400), ("2026-03-03", 400), ("2026-03-04", 400), ("2026-03-05", 200)],
)
async def test_P1_only_sessions_of_later_days_can_be_edited(
    ann: Asking, db: Database, when: str | None, status: int
) -> None:
    path, session = await first_session(ann)
    await db.execute(
        "UPDATE program_sessions SET session_date = $2::text::date WHERE id = $1",
        session["id"],
        when,
    )
    assert (await ann.patch(path, methods=[WALK])).status == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"methods": []},
        {"methods": None},
        {"methods": WALK},
        {"methods": [7]},
        {"methods": ["recShort"]},
        {"methods": [UNKNOWN]},
        {"methods": [WALK], "goals": None},
        {"methods": [WALK], "goals": [UNKNOWN]},
        {"methods": [WALK], "notes": 5},
        {"methods": [f"recMany{n:010d}" for n in range(21)]},
    ],
)
async def test_P16_what_cannot_be_is_refused_and_changes_nothing(
    ann: Asking, db: Database, body: dict[str, Any]
) -> None:
    path, session = await first_session(ann)
    await take_events(db)
    assert (await ann.patch(path, **body)).status == 400
    assert (await detail(ann, session["programId"]))["schedule"][0] == session
    assert await events(db) == []


async def test_a_session_is_found_by_both_its_ids_but_only_in_its_program(
    ann: Asking, db: Database
) -> None:
    path, session = await first_session(ann)
    await link(db, "program_schedule", session["id"], "recSession0000001")
    own = path.rsplit("/", 1)[0]
    assert (await ann.patch(f"{own}/recSession0000001", methods=[WALK])).status == 200
    other = await create_whole(ann, "2026-06-01")
    answer = await ann.patch(f"programs/{other['id']}/schedule/{session['id']}", methods=[WALK])
    assert answer.status == 404
    assert (await ann.patch(f"{own}/not-an-id", methods=[WALK])).status == 400
