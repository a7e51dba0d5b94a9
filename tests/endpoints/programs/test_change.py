"""Changing and deleting programs."""

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
    detail,
    events,
    link,
    planning_reasons,
    take_events,
)
from tests.programs.catalogue import (
    BREATHE,
    CAN,
    FOCUS,
    FRIDAY,
    MONDAY,
    SCAN,
    STRESS,
    UNKNOWN,
    WALK,
    WRITE,
)


async def test_given_lists_replace_the_stored_ones_and_the_rest_stays(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann)
    await take_events(db)
    await planning_reasons(db)
    path = f"programs/{program['id']}"
    answer = await ann.patch(path, goals=[FOCUS, STRESS, FOCUS], overtuigingen=[CAN], notes="Hup")
    assert answer.status == 200
    assert answer.data == {
        **program,
        "goals": [FOCUS, STRESS],
        "overtuigingen": [CAN],
        "notes": "Hup",
    }
    assert await events(db) == [("program", "upsert", 30)]
    assert await planning_reasons(db) == ["program changed"]
    assert (await ann.patch(path, goals=[], methods=[])).data["goals"] == []
    found = await detail(ann, program["id"])
    assert (found["goals"], found["methods"]) == ([], [])
    assert len(found["schedule"]) == 4


async def test_the_order_of_a_list_is_a_change(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    answer = await ann.patch(f"programs/{program['id']}", methods=[SCAN, WALK, BREATHE])
    assert answer.data["methods"] == [SCAN, WALK, BREATHE]
    answer = await ann.patch(f"programs/{program['id']}", methods=[WALK, SCAN])
    assert (await detail(ann, program["id"]))["methods"] == [WALK, SCAN]


@pytest.mark.parametrize("body", [{}, {"goals": [STRESS]}, {"notes": None}, {"name": "Nieuw"}])
async def test_nothing_new_leaves_no_trace(ann: Asking, db: Database, body: dict[str, Any]) -> None:
    program = await create_whole(ann)
    await take_events(db)
    await planning_reasons(db)
    answer = await ann.patch(f"programs/{program['id']}", **body)
    assert (answer.status, answer.data) == (200, program)
    assert await events(db) == []
    assert await planning_reasons(db) == []


@pytest.mark.parametrize("cleared", ["", None])
async def test_P19_notes_can_be_cleared(ann: Asking, db: Database, cleared: str | None) -> None:
    program = await create(ann, notes="Hup")
    await take_events(db)
    assert "notes" not in (await ann.patch(f"programs/{program['id']}", notes=cleared)).data
    assert await events(db) == [("program", "upsert", 30)]


async def test_P19_changing_there_and_back_ends_with_an_event_waiting(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann)
    path = f"programs/{program['id']}"
    sent = []
    for goals in ([FOCUS], [STRESS], [FOCUS]):
        await take_events(db)
        await ann.patch(path, goals=goals)
        sent.append(await events(db))
    assert sent == [[("program", "upsert", 30)]] * 3


async def test_P15_wrong_types_are_refused_and_wipe_nothing(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    await take_events(db)
    wrong: list[dict[str, Any]] = [
        {"goals": STRESS},
        {"goals": None},
        {"goals": {"0": STRESS}},
        {"goals": [STRESS, 7]},
        {"methods": "[]"},
        {"daysOfWeek": [None]},
        {"overtuigingen": 1},
        {"goals": [UNKNOWN]},
        {"notes": ["x"]},
        {"notes": "x" * 5_001},
        {"methods": [f"recMany{n:010d}" for n in range(101)]},
        {"daysOfWeek": [f"recMany{n:010d}" for n in range(8)]},
    ]
    for part in wrong:
        answer = await ann.patch(f"programs/{program['id']}", **{"notes": "Nieuw", **part})
        assert (answer.status, part) == (400, part)
    assert await detail(ann, program["id"]) == {**await detail(ann, program["id"]), **program}
    assert await events(db) == []


async def test_ids_that_are_stored_already_always_pass(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    await db.execute("UPDATE goals SET is_listed = false, name = '' WHERE id = $1", STRESS)
    answer = await ann.patch(f"programs/{program['id']}", goals=[STRESS, FOCUS])
    assert answer.data["goals"] == [STRESS, FOCUS]


async def test_P18_the_manual_wizard_ends_with_sessions(ann: Asking, db: Database) -> None:
    program = await create(ann)
    path = f"programs/{program['id']}"
    await ann.patch(path, goals=[STRESS])
    await ann.patch(path, daysOfWeek=[MONDAY, FRIDAY])
    [first, *_] = (await ann.get(f"{path}/methods")).data
    assert (await detail(ann, program["id"]))["schedule"] == []
    await take_events(db)
    await ann.patch(path, methods=[first], overtuigingen=[CAN], notes="Hup")
    schedule = (await detail(ann, program["id"]))["schedule"]
    assert [session["date"] for session in schedule] == [
        "2026-03-09",
        "2026-03-13",
        "2026-03-16",
        "2026-03-20",
    ]
    assert {tuple(session["methodIds"]) for session in schedule} == {(first,)}
    assert await events(db) == [
        ("program", "upsert", 30),
        *[("program_schedule", "upsert", 40)] * 4,
    ]


async def test_existing_sessions_and_planned_programs_are_left_alone(ann: Asking) -> None:
    program = await create_whole(ann)
    await ann.patch(f"programs/{program['id']}", daysOfWeek=[FRIDAY], methods=[WRITE])
    schedule = (await detail(ann, program["id"]))["schedule"]
    assert {session["date"] for session in schedule} == {
        "2026-03-09",
        "2026-03-11",
        "2026-03-16",
        "2026-03-18",
    }


async def test_days_and_methods_from_two_tabs_at_once_make_the_sessions_once(
    ann: Asking, db: Database
) -> None:
    program = await create(ann, goals=[STRESS])
    path = f"programs/{program['id']}"
    await asyncio.gather(
        ann.patch(path, daysOfWeek=[MONDAY]),
        ann.patch(path, methods=[BREATHE]),
        ann.patch(path, daysOfWeek=[MONDAY]),
        ann.patch(path, methods=[BREATHE]),
    )
    dates = [session["date"] for session in (await detail(ann, program["id"]))["schedule"]]
    assert dates == ["2026-03-09", "2026-03-16"]


@pytest.mark.parametrize(
    "content", [{"goals": [STRESS]}, {"daysOfWeek": [MONDAY]}, {"methods": [WALK]}]
)
async def test_P2_a_draft_cannot_become_a_program_over_another_one(
    ann: Asking, db: Database, content: dict[str, Any]
) -> None:
    draft = await create(ann)
    await db.execute(
        "INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label,"
        " status, creation_type) VALUES ($1, '2026-03-20', '2026-03-26', 1, '1 week', 'Gepland',"
        " 'AI')",
        ann.id,
    )
    await take_events(db)
    answer = await ann.patch(f"programs/{draft['id']}", **content)
    assert answer.status == 409
    assert await detail(ann, draft["id"]) == {**await detail(ann, draft["id"]), **draft}
    assert await events(db) == []
    assert (await ann.patch(f"programs/{draft['id']}", goals=[])).status == 200


async def test_P24_deleting_keeps_what_was_done_and_its_points(ann: Asking, db: Database) -> None:
    confirmed = await confirm(ann, start="2026-03-02", customOvertuigingen=["Ik leer"])
    program = confirmed["program"]["id"]
    session = (await detail(ann, program))["schedule"][0]["id"]
    done = await ann.post("method-usage", userId=ann.id, methodId=BREATHE, programId=program)
    await ann.post("method-usage", userId=ann.id, methodId=SCAN, programmaplanningId=session)
    before = (await ann.get("rewards")).data
    await take_events(db)
    await planning_reasons(db)
    answer = await ann.delete(f"programs/{program}")
    assert (answer.status, answer.body) == (200, {"success": True, "data": None})
    kept = await db.fetch("SELECT program_id, session_id FROM method_completions")
    assert [tuple(row) for row in kept] == [(None, None)] * 2
    assert done.status == 201
    belief = await db.fetchrow("SELECT name, program_id FROM personal_beliefs")
    assert belief is not None
    assert tuple(belief) == ("Ik leer", None)
    assert await db.fetchval("SELECT count(*) FROM program_sessions") == 0
    after = (await ann.get("rewards")).data
    assert (after["totalPoints"], after["badges"]) == (before["totalPoints"], before["badges"])
    assert await events(db) == [
        ("program", "delete", 20),
        *[("program_schedule", "delete", 20)] * 2,
    ]
    assert await planning_reasons(db) == ["program deleted"]
    assert (await ann.delete(f"programs/{program}")).status == 404


async def test_P24_milestones_stay_in_the_ledger(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    await db.execute(
        "INSERT INTO reward_ledger (user_id, kind, ref, points, program_id)"
        " VALUES ($1, 'milestone', $2 || ':25', 25, $3)",
        ann.id,
        program["id"],
        program["id"],
    )
    await ann.delete(f"programs/{program['id']}")
    assert (await ann.get("rewards")).data["totalPoints"] == 25


async def test_P16_P19_O20_a_linked_program_is_deleted_by_its_record_id_with_pending_events(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann)
    await link(db, "program", program["id"], "recProgram0000001")
    assert (await ann.delete("programs/recProgram0000001")).status == 200
    assert {operation for _, operation, _ in await events(db)} == {"delete"}
    tombs = await db.fetch("SELECT entity_type::text, airtable_record_id FROM sync_tombstones")
    assert [tuple(row) for row in tombs] == [("program", "recProgram0000001")]


async def test_deleting_is_one_transaction(ann: Asking, statements: list[str]) -> None:
    program = await create_whole(ann)
    statements.clear()
    await ann.delete(f"programs/{program['id']}")
    assert len(inside(statements)) <= 9


async def test_deleting_while_something_is_recorded_loses_neither(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann)
    session = (await detail(ann, program["id"]))["schedule"][0]["id"]
    usage = {"userId": ann.id, "methodId": BREATHE, "programmaplanningId": session}
    answers = await asyncio.gather(
        *(ann.post("method-usage", key=f"k{n}", **usage) for n in range(5)),
        ann.delete(f"programs/{program['id']}"),
        *(ann.post("method-usage", key=f"l{n}", **usage) for n in range(5)),
    )
    assert answers[5].status == 200
    recorded = sum(answer.status == 201 for answer in answers)
    assert {answer.status for answer in answers} <= {200, 201, 404}
    assert await db.fetchval("SELECT count(*) FROM method_completions") == recorded


async def test_reminders_of_a_deleted_program_go_with_it(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    await complete(db, ann, BREATHE, program=program["id"])
    session = (await detail(ann, program["id"]))["schedule"][0]["id"]
    await db.execute(
        "INSERT INTO notification_jobs (user_id, program_id, session_id, reminder_date, mode,"
        " fire_at, expires_at, payload, dedupe_key, next_attempt_at) VALUES ($1, $2, $3,"
        " '2026-03-09', 'session', now(), now(), '{}', 'k', now())",
        ann.id,
        program["id"],
        session,
    )
    await ann.delete(f"programs/{program['id']}")
    assert await db.fetchval("SELECT count(*) FROM notification_jobs") == 0
