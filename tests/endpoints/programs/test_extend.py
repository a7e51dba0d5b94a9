"""Letting programs go on longer."""

import asyncio
from datetime import date

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Asking, inside
from tests.endpoints.programs.steps import (
    create,
    create_whole,
    detail,
    events,
    planning_reasons,
    take_events,
)
from tests.programs.catalogue import BREATHE, FRIDAY, MONDAY, SCAN, STRESS, TUESDAY, WEDNESDAY


async def test_an_extension_follows_the_end_with_sessions(ann: Asking, db: Database) -> None:
    program = await create_whole(ann, "2026-03-02", "2 weken")
    await take_events(db)
    await planning_reasons(db)
    answer = await ann.post(f"programs/{program['id']}/extend", weeks=2)
    assert answer.status == 200
    assert answer.data == {
        "program": {**program, "endDate": "2026-03-29", "duration": "4 weken"},
        "createdSessions": 4,
        "extensionStart": "2026-03-16",
        "newEndDate": "2026-03-29",
    }
    assert await events(db) == [
        ("program", "upsert", 30),
        *[("program_schedule", "upsert", 35)] * 4,
    ]
    assert await planning_reasons(db) == ["program extended"]
    added = (await detail(ann, program["id"]))["schedule"][-4:]
    assert [(s["date"], s["methodIds"], s["goalIds"]) for s in added] == [
        ("2026-03-16", [BREATHE], [STRESS]),
        ("2026-03-18", [SCAN], [STRESS]),
        ("2026-03-23", [BREATHE], [STRESS]),
        ("2026-03-25", [SCAN], [STRESS]),
    ]
    weeks = await db.fetchval("SELECT duration_weeks FROM programs")
    assert weeks == 4


async def test_a_finished_program_goes_on_from_today_and_is_running_again(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann, "2026-01-05", "4 weken")
    await db.execute("UPDATE programs SET status = 'Afgewerkt'")
    answer = await ann.post(f"programs/{program['id']}/extend")
    assert answer.data["extensionStart"] == "2026-03-04"
    assert answer.data["newEndDate"] == "2026-03-31"
    assert answer.data["program"]["duration"] == "13 weken"
    assert answer.data["program"]["status"] == "Actief"
    assert (await ann.get("programs")).data[0]["status"] == "Actief"


@pytest.mark.parametrize("weeks", [0, 53, -1, 2.5, "2", None, True, [2]])
async def test_the_weeks_must_be_a_whole_number_of_one_to_fifty_two(
    ann: Asking, weeks: object
) -> None:
    program = await create_whole(ann)
    assert (await ann.post(f"programs/{program['id']}/extend", weeks=weeks)).status == 400


async def test_a_program_never_gets_longer_than_two_years(ann: Asking, db: Database) -> None:
    program = await create_whole(ann, "2026-03-09", "52 weken")
    path = f"programs/{program['id']}/extend"
    await take_events(db)
    assert (await ann.post(path, weeks=52)).status == 200
    before = await detail(ann, program["id"])
    await take_events(db)
    answer = await ann.post(path, weeks=1)
    assert (answer.status, "104" in answer.error) == (400, True)
    assert await detail(ann, program["id"]) == before
    assert await events(db) == []


async def test_P21_days_of_another_program_are_refused(ann: Asking, db: Database) -> None:
    program = await create_whole(ann, "2026-03-02", "2 weken")
    await create_whole(ann, "2026-03-30", "1 week")
    path = f"programs/{program['id']}/extend"
    before = await detail(ann, program["id"])
    assert (await ann.post(path, weeks=3)).status == 409
    assert await detail(ann, program["id"]) == before
    assert (await ann.post(path, weeks=2)).status == 200


async def test_P21_a_program_with_nothing_to_plan_cannot_be_extended(
    ann: Asking, db: Database
) -> None:
    program = await create(ann, goals=[STRESS])
    path = f"programs/{program['id']}"
    assert (await ann.post(f"{path}/extend")).status == 400
    await ann.patch(path, daysOfWeek=[MONDAY])
    assert (await ann.post(f"{path}/extend")).status == 400
    await ann.patch(path, methods=[BREATHE])
    assert (await ann.post(f"{path}/extend")).status == 200
    await db.execute("UPDATE methods SET archived_at = now()")
    assert (await ann.post(f"{path}/extend")).status == 400
    await db.execute("UPDATE methods SET archived_at = NULL")
    await db.execute("UPDATE weekdays SET archived_at = now() WHERE id = $1", MONDAY)
    assert (await ann.post(f"{path}/extend")).status == 400


async def test_P5_dates_that_have_a_session_are_not_planned_again(
    ann: Asking, db: Database
) -> None:
    """Airtable, or an older program, may hold a session after the end."""
    program = await create_whole(ann, "2026-03-02", "2 weken")
    await db.execute(
        "INSERT INTO program_sessions (program_id, session_date) VALUES ($1, '2026-03-16')",
        program["id"],
    )
    answer = await ann.post(f"programs/{program['id']}/extend", weeks=1)
    assert answer.data["createdSessions"] == 1
    dates = [session["date"] for session in (await detail(ann, program["id"]))["schedule"]]
    assert len(dates) == len(set(dates))


async def test_P21_a_double_click_makes_two_extensions_in_a_row(ann: Asking, db: Database) -> None:
    program = await create(
        ann, goals=[STRESS], methods=[BREATHE], daysOfWeek=[TUESDAY, WEDNESDAY, FRIDAY]
    )
    path = f"programs/{program['id']}/extend"
    answers = await asyncio.gather(*(ann.post(path, weeks=1) for _ in range(2)))
    starts = sorted(answer.data["extensionStart"] for answer in answers)
    assert starts == ["2026-03-23", "2026-03-30"]
    found = await detail(ann, program["id"])
    dates = [date.fromisoformat(session["date"]) for session in found["schedule"]]
    assert (len(dates), len(set(dates))) == (12, 12)
    assert found["endDate"] == "2026-04-05"


async def test_extending_is_one_transaction(ann: Asking, statements: list[str]) -> None:
    program = await create_whole(ann)
    statements.clear()
    await ann.post(f"programs/{program['id']}/extend", weeks=52)
    assert len(inside(statements)) <= 10
