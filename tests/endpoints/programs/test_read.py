"""Listing programs and looking at one."""

from datetime import date

import pytest

from api._lib.app import App
from api._lib.content import service as content
from api._lib.context import Context
from api._lib.db import Database
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import (
    complete,
    confirm,
    create,
    create_whole,
    day,
    detail,
    link,
)
from tests.programs.catalogue import (
    BREATHE,
    CAN,
    FOCUS,
    MONDAY,
    REST,
    SCAN,
    STRESS,
    SUNDAY,
    TUESDAY,
    UNKNOWN,
    WALK,
    WRITE,
)

BASE = [
    "id",
    "startDate",
    "endDate",
    "duration",
    "daysOfWeek",
    "frequency",
    "goals",
    "methods",
    "status",
    "creationType",
    "overtuigingen",
    "milestonesAwarded",
]


async def test_a_person_without_programs_has_an_empty_list(ann: Asking) -> None:
    answer = await ann.get("programs")
    assert (answer.status, answer.data) == (200, [])


async def test_the_list_is_newest_first_with_counters(ann: Asking, bob: Asking) -> None:
    later = await create_whole(ann, "2026-04-06")
    sooner = await create_whole(ann, "2026-03-09")
    await create_whole(bob)
    items = (await ann.get("programs")).data
    assert [item["id"] for item in items] == [later["id"], sooner["id"]]
    assert list(items[0]) == [*BASE, "totalMethods", "completedMethods", "methodUsageCount"]
    assert (items[0]["totalMethods"], items[0]["completedMethods"]) == (4, 0)


async def test_P14_N14_list_and_detail_count_alike(ann: Asking, db: Database) -> None:
    """Sessions [A,B] with A done, twice, and [C]; one completion without session."""
    schedule = [day("2026-03-02", BREATHE, SCAN), day("2026-03-03", WALK)]
    confirmed = await confirm(ann, start="2026-03-02", editedSchedule=schedule)
    program = confirmed["program"]["id"]
    session = (await detail(ann, program))["schedule"][0]["id"]
    done = [await complete(db, ann, method, session=session) for method in (BREATHE, BREATHE)]
    foreign = await complete(db, ann, WRITE, session=session)
    await complete(db, ann, BREATHE, program=program)
    found = await detail(ann, program)
    assert found["schedule"][0]["methodUsageIds"] == [str(id) for id in (*done, foreign)]
    assert found["schedule"][0]["completedMethodIds"] == [BREATHE]
    assert [s["isCompleted"] for s in found["schedule"]] == [False, False]
    assert (found["totalSessions"], found["completedSessions"]) == (2, 0)
    assert (found["totalMethods"], found["completedMethods"]) == (3, 2)
    assert found["preservedCompletions"] == 1
    [item] = (await ann.get("programs")).data
    assert (item["totalMethods"], item["completedMethods"]) == (3, 2)
    assert item["methodUsageCount"] == 2
    await complete(db, ann, SCAN, session=session)
    found = await detail(ann, program)
    assert found["schedule"][0]["completedMethodIds"] == [BREATHE, SCAN]
    assert found["completedSessions"] == 1


async def test_P14_an_empty_session_is_not_completed(ann: Asking, db: Database) -> None:
    program = await create(ann, goals=[STRESS])
    await db.execute(
        "INSERT INTO program_sessions (program_id, session_date) VALUES ($1, '2026-03-09')",
        program["id"],
    )
    found = await detail(ann, program["id"])
    assert found["schedule"][0]["isCompleted"] is False
    assert (found["totalSessions"], found["completedSessions"]) == (1, 0)


async def test_the_detail_has_the_fields_of_the_sheet_in_their_order(ann: Asking) -> None:
    confirmed = await confirm(
        ann, programName="Rust & <b>Kracht</b>", programSummary="Kort", overtuigingen=[REST, CAN]
    )
    found = await detail(ann, confirmed["program"]["id"])
    assert list(found) == [
        *BASE[:1],
        "name",
        *BASE[1:8],
        "notes",
        *BASE[8:],
        "goalDetails",
        "methodDetails",
        "dayNames",
        "overtuigingDetails",
        "schedule",
        "totalSessions",
        "completedSessions",
        "totalMethods",
        "completedMethods",
        "preservedCompletions",
    ]
    assert found["name"] == "Rust & bKracht/b"
    assert [goal["name"] for goal in found["goalDetails"]] == ["Stress verminderen"]
    assert [belief["id"] for belief in found["overtuigingDetails"]] == [CAN, REST]
    assert found["overtuigingen"] == [REST, CAN]
    assert list(found["schedule"][0]) == [
        "id",
        "programId",
        "date",
        "dayOfWeekId",
        "sessionDescription",
        "methodIds",
        "goalIds",
        "methodUsageIds",
        "completedMethodIds",
        "isCompleted",
    ]


async def test_P1_P22_every_date_of_every_answer_is_a_calendar_date(ann: Asking) -> None:
    confirmed = await confirm(ann)
    program = confirmed["program"]["id"]
    found = await detail(ann, program)
    extended = (await ann.post(f"programs/{program}/extend", weeks=2)).data
    texts = [
        found["startDate"],
        found["endDate"],
        *(session["date"] for session in found["schedule"]),
        *(planned["date"] for planned in confirmed["aiSchedule"]),
        (await ann.get("programs")).data[0]["endDate"],
        extended["extensionStart"],
        extended["newEndDate"],
    ]
    assert [date.fromisoformat(text).isoformat() for text in texts] == texts


async def test_days_are_named_from_monday_to_sunday(ann: Asking) -> None:
    program = await create(ann, daysOfWeek=[SUNDAY, TUESDAY, MONDAY])
    assert (await detail(ann, program["id"]))["dayNames"] == ["Maandag", "Dinsdag", "Zondag"]


async def test_P6_methods_of_sessions_are_named_even_if_the_program_lacks_them(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann)
    await ann.patch(f"programs/{program['id']}", methods=[SCAN])
    found = await detail(ann, program["id"])
    assert found["methods"] == [SCAN]
    assert [method["id"] for method in found["methodDetails"]] == [BREATHE, SCAN]


async def test_hidden_content_and_a_method_without_name_are_still_shown(
    ann: Asking, app: App, db: Database
) -> None:
    program = await create_whole(ann)
    await db.execute("UPDATE methods SET is_listed = false WHERE id = $1", BREATHE)
    await db.execute("UPDATE methods SET name = ' ' WHERE id = $1", SCAN)
    await db.execute("UPDATE goals SET archived_at = now() WHERE id = $1", STRESS)
    assert app.resources is not None
    await content.drop(Context(app.resources), "methods", "goals")
    found = await detail(ann, program["id"])
    assert [method["name"] for method in found["methodDetails"]] == ["Ademen", SCAN]
    assert [goal["id"] for goal in found["goalDetails"]] == [STRESS]


async def test_sessions_come_by_date_undated_ones_last(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    await db.execute(
        "INSERT INTO program_sessions (program_id, session_date, planning_code) VALUES ($1, NULL,"
        " 'PL-1')",
        program["id"],
    )
    schedule = (await detail(ann, program["id"]))["schedule"]
    dates = [session["date"] for session in schedule]
    assert dates == ["2026-03-09", "2026-03-11", "2026-03-16", "2026-03-18", ""]
    assert schedule[-1]["planningId"] == "PL-1"


async def test_a_program_is_found_by_both_its_ids(ann: Asking, db: Database) -> None:
    program = await create_whole(ann)
    await link(db, "program", program["id"], "recProgram0000001")
    for id in (program["id"], program["id"].upper(), "recProgram0000001"):
        assert (await detail(ann, id))["id"] == program["id"]


@pytest.mark.parametrize(
    ("id", "status"),
    [
        ("not-an-id", 400),
        ("recShort", 400),
        ("00000000-0000-0000-0000-000000000000", 400),
        (UNKNOWN, 404),
        ("3f0c2c1e-5d0b-4a57-9a55-0d6f5f3a9b11", 404),
    ],
)
async def test_P16_strange_ids_are_a_400_unknown_ones_a_404(
    ann: Asking, id: str, status: int
) -> None:
    session = "9a1f0c52-1c35-4a43-8c1e-64b1f0b0a001"
    answers = [
        await ann.get(f"programs/{id}"),
        await ann.get(f"programs/{id}/methods"),
        await ann.patch(f"programs/{id}", notes="x"),
        await ann.delete(f"programs/{id}"),
        await ann.post(f"programs/{id}/extend"),
        await ann.post(f"programs/{id}/regenerate-schedule", daysOfWeek=[MONDAY]),
        await ann.patch(f"programs/{id}/schedule/{session}", methods=[BREATHE]),
    ]
    assert [answer.status for answer in answers] == [status] * 7
    assert len({answer.error for answer in answers}) == 1


async def test_P17_programs_of_others_do_not_exist(ann: Asking, bob: Asking, db: Database) -> None:
    program = await create_whole(ann)
    session = (await detail(ann, program["id"]))["schedule"][0]["id"]
    await link(db, "program", program["id"], "recProgram0000001")
    own = await create_whole(bob)
    for id in (program["id"], "recProgram0000001"):
        answers = [
            await bob.get(f"programs/{id}"),
            await bob.get(f"programs/{id}/methods"),
            await bob.patch(f"programs/{id}", notes="x"),
            await bob.delete(f"programs/{id}"),
            await bob.post(f"programs/{id}/extend"),
            await bob.post(f"programs/{id}/regenerate-schedule", daysOfWeek=[MONDAY]),
            await bob.patch(f"programs/{id}/schedule/{session}", methods=[BREATHE]),
            await bob.patch(f"programs/{own['id']}/schedule/{session}", methods=[BREATHE]),
        ]
        assert [answer.status for answer in answers] == [404] * 8
    assert "notes" not in await detail(ann, program["id"])


async def test_P13_awarded_milestones_are_in_list_and_detail_ascending(
    ann: Asking, db: Database
) -> None:
    program = await create_whole(ann)
    for threshold in (100, 25, 75):
        await db.execute(
            "INSERT INTO reward_ledger (user_id, kind, ref, points, program_id)"
            " VALUES ($1, 'milestone', $2 || ':' || $3, $4, $5)",
            ann.id,
            program["id"],
            str(threshold),
            threshold,
            program["id"],
        )
    assert (await detail(ann, program["id"]))["milestonesAwarded"] == ["25", "75", "100"]
    assert (await ann.get("programs")).data[0]["milestonesAwarded"] == ["25", "75", "100"]


async def test_P12_the_status_is_the_one_of_today_whatever_is_stored(
    ann: Asking, db: Database
) -> None:
    """Today is 2026-03-04, and both ends belong to a program."""
    for start in ("2026-03-05", "2026-02-26", "2026-02-19"):
        await create_whole(ann, start, "1 week")
    for stored in ("Actief", "Gepland"):
        await db.execute("UPDATE programs SET status = $1", stored)
        items = (await ann.get("programs")).data
        assert [item["status"] for item in items] == ["Gepland", "Actief", "Afgewerkt"]
    await db.execute("UPDATE programs SET status = 'Afgewerkt'")
    assert {item["status"] for item in (await ann.get("programs")).data} == {"Afgewerkt"}


async def test_P23_there_is_always_an_end_date(ann: Asking, db: Database) -> None:
    column = await db.fetchval(
        "SELECT is_nullable FROM information_schema.columns"
        " WHERE table_name = 'programs' AND column_name = 'end_date'"
    )
    assert column == "NO"
    assert (await create(ann, "2026-03-09", " 3 weken "))["endDate"] == "2026-03-29"


async def test_P18_N13_methods_are_suggested_at_once_while_there_are_goals_only(
    ann: Asking, db: Database
) -> None:
    program = await create(ann)
    path = f"programs/{program['id']}/methods"
    assert (await ann.get(path)).data == []
    await ann.patch(f"programs/{program['id']}", goals=[STRESS, FOCUS])
    assert (await ann.get(path)).data == [WALK, BREATHE, SCAN]
    assert await db.fetchval("SELECT count(*) FROM program_methods") == 0
    await ann.patch(f"programs/{program['id']}", methods=[WRITE])
    assert (await ann.get(path)).data == [WRITE]


async def test_P20_a_list_takes_one_statement_and_a_detail_two(
    ann: Asking, statements: list[str]
) -> None:
    for month in (4, 6, 8, 10):
        program = await create_whole(ann, f"2026-{month:02d}-06", "8 weken")
    await detail(ann, program["id"])
    statements.clear()
    await ann.get("programs")
    assert len(statements) <= 2, statements
    statements.clear()
    await detail(ann, program["id"])
    assert len(statements) <= 3


async def test_answers_are_the_same_every_time(ann: Asking) -> None:
    program = await create_whole(ann)
    first = [await ann.get("programs"), await ann.get(f"programs/{program['id']}")]
    again = [await ann.get("programs"), await ann.get(f"programs/{program['id']}")]
    assert first == again
