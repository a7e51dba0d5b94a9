"""Planning the rest of a program anew without a language model."""

import asyncio
from typing import Any

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Asking, inside
from tests.endpoints.programs.steps import (
    complete,
    confirm,
    create,
    create_whole,
    day,
    detail,
    events,
    planning_reasons,
    take_events,
)
from tests.programs.catalogue import (
    BREATHE,
    FOCUS,
    FRIDAY,
    MONDAY,
    SCAN,
    STRESS,
    UNKNOWN,
    WALK,
    WEDNESDAY,
    WRITE,
)
from tests.waiting import until_somebody_waits


async def running(person: Asking) -> Any:
    """A program of four weeks whose third day is today, a Wednesday with a session."""
    days = [day(f"2026-03-{n:02d}", BREATHE, SCAN) for n in (2, 4, 9, 11, 16)]
    confirmed = await confirm(person, start="2026-03-02", duration="4 weken", editedSchedule=days)
    return confirmed["program"]


def dates(found: Any) -> list[str]:
    return [session["date"] for session in found["schedule"]]


async def test_P3_sessions_up_to_today_are_kept_the_rest_is_planned_anew(
    ann: Asking, db: Database
) -> None:
    program = await running(ann)
    before = await detail(ann, program["id"])
    await take_events(db)
    await planning_reasons(db)
    answer = await ann.post(
        f"programs/{program['id']}/regenerate-schedule",
        daysOfWeek=[MONDAY],
        goals=[FOCUS],
        force=True,
    )
    assert answer.status == 200
    result = answer.data
    assert (result["preservedSessions"], result["deletedSessions"]) == (2, 3)
    assert result["regeneratedSessions"] == 3
    assert result["program"] == {
        **program,
        "daysOfWeek": [MONDAY],
        "frequency": 1,
        "goals": [FOCUS],
    }
    assert [planned["date"] for planned in result["newSchedule"]] == [
        "2026-03-09",
        "2026-03-16",
        "2026-03-23",
    ]
    after = await detail(ann, program["id"])
    assert after["schedule"][:2] == before["schedule"][:2]
    assert dates(after)[2:] == ["2026-03-09", "2026-03-16", "2026-03-23"]
    assert {tuple(session["goalIds"]) for session in after["schedule"][2:]} == {(FOCUS,)}
    assert await events(db) == [
        ("program", "upsert", 30),
        *[("program_schedule", "delete", 40)] * 3,
        *[("program_schedule", "upsert", 40)] * 3,
    ]
    assert await planning_reasons(db) == ["program planned anew"]


async def test_P5_the_plan_ends_with_the_program(ann: Asking) -> None:
    """The program ends on Sunday 2026-03-29; the next Monday is not its own any more."""
    program = await running(ann)
    await ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[MONDAY])
    assert max(dates(await detail(ann, program["id"]))) == "2026-03-23"
    extended = await ann.post(f"programs/{program['id']}/extend", weeks=1)
    assert extended.data["extensionStart"] == "2026-03-30"
    found = dates(await detail(ann, program["id"]))
    assert len(found) == len(set(found))


async def test_later_sessions_with_activity_go_only_by_force(ann: Asking, db: Database) -> None:
    program = await running(ann)
    path = f"programs/{program['id']}/regenerate-schedule"
    session = (await detail(ann, program["id"]))["schedule"][3]["id"]
    usages = [await complete(db, ann, method, session=session) for method in (BREATHE, SCAN)]
    before = await detail(ann, program["id"])
    await take_events(db)
    for body in ({"daysOfWeek": [MONDAY]}, {"daysOfWeek": [MONDAY], "force": False}):
        answer = await ann.ask("POST", path, json=body)
        assert (answer.status, "1" in answer.error) == (409, True)
    assert await detail(ann, program["id"]) == before
    assert await events(db) == []
    assert (await ann.post(path, daysOfWeek=[MONDAY], force=True)).status == 200
    after = await detail(ann, program["id"])
    assert after["completedMethods"] == before["completedMethods"] == 2
    assert after["preservedCompletions"] == 2
    kept = await db.fetch("SELECT id, program_id, session_id FROM method_completions")
    assert {row["id"] for row in kept} == set(usages)
    assert {(str(row["program_id"]), row["session_id"]) for row in kept} == {(program["id"], None)}
    sent = await events(db)
    assert sent.count(("method_usage", "upsert", 40)) == 2


async def test_activity_recorded_while_planning_keeps_its_session(
    ann: Asking, db: Database
) -> None:
    program = await running(ann)
    before = await detail(ann, program["id"])
    path = f"programs/{program['id']}/regenerate-schedule"
    async with db.transaction() as tx:
        await tx.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", ann.id)
        planning = asyncio.create_task(ann.post(path, daysOfWeek=[MONDAY]))
        await until_somebody_waits(db)
        await tx.execute(
            "INSERT INTO method_completions"
            " (user_id, method_id, session_id, program_id, completed_on, points)"
            " VALUES ($1, $2, $3, $4, '2026-03-04', 5)",
            *(ann.id, BREATHE, before["schedule"][3]["id"], program["id"]),
        )
    assert (await planning).status == 409
    assert dates(await detail(ann, program["id"])) == dates(before)


async def test_P19_completions_that_lose_their_session_are_sent(ann: Asking, db: Database) -> None:
    program = await running(ann)
    session = (await detail(ann, program["id"]))["schedule"][4]["id"]
    usage = await complete(db, ann, BREATHE, session=session)
    await take_events(db)
    await ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[MONDAY], force=True)
    sent = await db.fetchval(
        "SELECT entity_id FROM outbox_events WHERE entity_type = 'method_usage'"
        " AND status = 'pending'"
    )
    assert sent == str(usage)


async def test_a_program_of_the_future_is_planned_from_its_start(ann: Asking) -> None:
    program = await create_whole(ann, "2026-03-11", "1 week")
    answer = await ann.post(
        f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[WEDNESDAY, MONDAY]
    )
    assert (answer.data["preservedSessions"], answer.data["deletedSessions"]) == (0, 2)
    assert dates(await detail(ann, program["id"])) == ["2026-03-11", "2026-03-16"]


async def test_P6_methods_of_kept_sessions_stay_methods_of_the_program(ann: Asking) -> None:
    program = await running(ann)
    await ann.patch(f"programs/{program['id']}", methods=[WALK])
    answer = await ann.post(
        f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[FRIDAY], force=True
    )
    assert answer.data["program"]["methods"] == [WALK, BREATHE, SCAN]
    found = await detail(ann, program["id"])
    assert {tuple(session["methodIds"]) for session in found["schedule"][2:]} == {(WALK,)}
    assert [method["id"] for method in found["methodDetails"]] == [BREATHE, SCAN, WALK]


async def test_undated_sessions_are_kept(ann: Asking, db: Database) -> None:
    program = await running(ann)
    await db.execute("INSERT INTO program_sessions (program_id) VALUES ($1)", program["id"])
    answer = await ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[FRIDAY])
    assert answer.data["preservedSessions"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"daysOfWeek": []},
        {"daysOfWeek": MONDAY},
        {"daysOfWeek": [UNKNOWN]},
        {"daysOfWeek": [MONDAY], "goals": []},
        {"daysOfWeek": [MONDAY], "goals": None},
        {"daysOfWeek": [MONDAY], "goals": [UNKNOWN]},
        {"daysOfWeek": [MONDAY], "regenerateMethod": "magic"},
        {"daysOfWeek": [MONDAY], "force": "yes"},
    ],
)
async def test_P4_what_cannot_be_is_refused_and_the_schedule_stays(
    ann: Asking, db: Database, body: dict[str, Any]
) -> None:
    program = await running(ann)
    before = await detail(ann, program["id"])
    await take_events(db)
    answer = await ann.post(f"programs/{program['id']}/regenerate-schedule", **body)
    assert answer.status == 400
    assert await detail(ann, program["id"]) == before
    assert await events(db) == []


async def test_P4_without_dates_or_methods_left_the_schedule_stays(
    ann: Asking, db: Database
) -> None:
    past = await create_whole(ann, "2026-01-05", "1 week")
    answer = await ann.post(f"programs/{past['id']}/regenerate-schedule", daysOfWeek=[MONDAY])
    assert answer.status == 400
    empty = await create(ann, goals=[STRESS])
    answer = await ann.post(f"programs/{empty['id']}/regenerate-schedule", daysOfWeek=[MONDAY])
    assert answer.status == 400
    program = await running_without_methods(ann, db)
    before = await detail(ann, program["id"])
    answer = await ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[MONDAY])
    assert answer.status == 400
    assert await detail(ann, program["id"]) == before


async def running_without_methods(person: Asking, db: Database) -> Any:
    program = await create_whole(person, "2026-06-01")
    await person.patch(f"programs/{program['id']}", methods=[WRITE])
    await db.execute("UPDATE methods SET archived_at = now() WHERE id = $1", WRITE)
    return program


async def test_planning_twice_at_once_plans_each_day_once(ann: Asking) -> None:
    program = await running(ann)
    path = f"programs/{program['id']}/regenerate-schedule"
    answers = await asyncio.gather(
        *(ann.post(path, daysOfWeek=[weekday]) for weekday in [MONDAY, FRIDAY] * 3)
    )
    assert {answer.status for answer in answers} == {200}
    found = await detail(ann, program["id"])
    assert len(dates(found)) == len(set(dates(found)))
    last = {answer.data["program"]["daysOfWeek"][0] for answer in answers}
    assert {session["dayOfWeekId"] for session in found["schedule"][2:]} <= last


async def test_recording_while_planning_loses_no_completion(ann: Asking, db: Database) -> None:
    program = await running(ann)
    session = (await detail(ann, program["id"]))["schedule"][4]["id"]
    usage = {"userId": ann.id, "methodId": BREATHE, "programmaplanningId": session}
    answers = await asyncio.gather(
        *(ann.post("method-usage", key=f"k{n}", **usage) for n in range(5)),
        ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[MONDAY], force=True),
        *(ann.post("method-usage", key=f"l{n}", **usage) for n in range(5)),
    )
    assert answers[5].status == 200
    recorded = sum(answer.status == 201 for answer in answers)
    assert {answer.status for answer in answers} <= {200, 201, 404}
    assert (await detail(ann, program["id"]))["preservedCompletions"] == recorded


async def test_the_change_is_one_transaction(ann: Asking, statements: list[str]) -> None:
    program = await create_whole(ann, "2026-03-09", "52 weken")
    statements.clear()
    await ann.post(f"programs/{program['id']}/regenerate-schedule", daysOfWeek=[MONDAY])
    assert len(inside(statements)) <= 11
