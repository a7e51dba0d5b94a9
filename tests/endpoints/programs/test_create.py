"""Making programs by hand."""

import asyncio
from typing import Any

import httpx
import pytest

from api._lib.clock import ManualClock
from api._lib.db import Database
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.endpoints.programs.steps import (
    SOON,
    confirm,
    create,
    create_whole,
    detail,
    events,
    planning_reasons,
)
from tests.programs.catalogue import (
    BREATHE,
    CAN,
    FOCUS,
    MONDAY,
    STRESS,
    UNKNOWN,
    WALK,
    WEDNESDAY,
)
from tests.waiting import until_somebody_waits

WHOLE: dict[str, Any] = {
    "startDate": "2026-03-02",
    "duration": "2 weken",
    "goals": [STRESS, FOCUS, STRESS],
    "methods": [WALK, BREATHE],
    "daysOfWeek": [WEDNESDAY, MONDAY],
    "overtuigingen": [CAN],
    "notes": "Rustig aan",
}


async def test_a_program_is_answered_without_counters_in_the_order_of_the_sheet(
    ann: Asking,
) -> None:
    answer = await ann.post("programs", userId="recSomebodyElse01", unknown=1, **WHOLE)
    assert answer.status == 201
    assert list(answer.data.items())[1:] == [
        ("startDate", "2026-03-02"),
        ("endDate", "2026-03-15"),
        ("duration", "2 weken"),
        ("daysOfWeek", [WEDNESDAY, MONDAY]),
        ("frequency", 2),
        ("goals", [STRESS, FOCUS]),
        ("methods", [WALK, BREATHE]),
        ("notes", "Rustig aan"),
        ("status", "Actief"),
        ("creationType", "Manueel"),
        ("overtuigingen", [CAN]),
        ("milestonesAwarded", []),
    ]


async def test_P18_a_program_with_days_and_methods_gets_its_sessions_at_once(
    ann: Asking, db: Database
) -> None:
    program = (await ann.post("programs", **WHOLE)).data
    schedule = (await detail(ann, program["id"]))["schedule"]
    assert [(s["date"], s["methodIds"], s["dayOfWeekId"]) for s in schedule] == [
        ("2026-03-04", [BREATHE], WEDNESDAY),
        ("2026-03-09", [WALK], MONDAY),
        ("2026-03-11", [BREATHE], WEDNESDAY),
    ]
    assert schedule[0]["sessionDescription"] == "Ademen (10 min)"
    assert schedule[0]["goalIds"] == [STRESS, FOCUS]
    assert await events(db) == [
        ("program", "upsert", 30),
        *[("program_schedule", "upsert", 40)] * 3,
    ]
    assert await planning_reasons(db) == ["program created"]


async def test_a_program_in_the_past_gets_no_sessions(ann: Asking) -> None:
    program = (await ann.post("programs", **{**WHOLE, "startDate": "2026-01-05"})).data
    assert program["status"] == "Afgewerkt"
    assert (await detail(ann, program["id"]))["schedule"] == []


async def test_P8_P16_what_cannot_be_is_refused_and_changes_nothing(
    ann: Asking, db: Database
) -> None:
    wrong: list[dict[str, Any]] = [
        {"startDate": None},
        {"startDate": "2026-02-30"},
        {"startDate": "2026-1-5"},
        {"startDate": "1999-12-31"},
        {"startDate": "2101-01-01"},
        {"startDate": 20260302},
        {"duration": None},
        {"duration": 4},
        {"duration": ""},
        {"duration": "  "},
        {"duration": "binnenkort"},
        {"duration": "0 weken"},
        {"duration": "53 weken"},
        {"duration": "5000 weken"},
        {"duration": "4 weken " + "x" * 40},
        {"goals": STRESS},
        {"goals": None},
        {"goals": [7]},
        {"goals": ["recShort"]},
        {"goals": [UNKNOWN]},
        {"methods": [UNKNOWN]},
        {"daysOfWeek": [UNKNOWN]},
        {"overtuigingen": [UNKNOWN]},
        {"goals": [f"recMany{n:010d}" for n in range(51)]},
        {"notes": 7},
        {"notes": "x" * 5_001},
        {"notes": "\0"},
    ]
    for part in wrong:
        answer = await ann.post("programs", **{**WHOLE, **part})
        assert (answer.status, part) == (400, part)
        assert answer.error
    for missing in ("startDate", "duration"):
        body = {key: value for key, value in WHOLE.items() if key != missing}
        assert missing in (await ann.post("programs", **body)).error
    assert await db.fetchval("SELECT count(*) FROM programs") == 0
    assert await events(db) == []


async def test_hidden_and_archived_content_may_be_named(ann: Asking, db: Database) -> None:
    await db.execute("UPDATE goals SET is_listed = false WHERE id = $1", STRESS)
    await db.execute("UPDATE beliefs SET archived_at = now() WHERE id = $1", CAN)
    assert (await ann.post("programs", **WHOLE)).status == 201


async def test_before_the_first_import_links_to_content_make_stubs(
    bob: Asking, db: Database
) -> None:
    assert (await bob.post("programs", **WHOLE)).status == 201
    stubs = await db.fetch("SELECT id FROM goals WHERE name = '' AND NOT is_listed ORDER BY id")
    assert [row["id"] for row in stubs] == [FOCUS, STRESS]
    assert (await bob.get("goals")).data == []


@pytest.mark.parametrize(
    ("start", "duration", "status"),
    [
        ("2026-02-28", "1 week", 201),
        ("2026-03-09", "4 weken", 409),
        ("2026-03-22", "4 weken", 409),
        ("2026-03-23", "4 weken", 201),
        ("2026-02-23", "2 weken", 201),
        ("2026-02-23", "3 weken", 409),
    ],
)
async def test_P2_days_of_another_program_are_refused(
    ann: Asking, db: Database, start: str, duration: str, status: int
) -> None:
    await create_whole(ann, "2026-03-09")
    answer = await ann.post("programs", startDate=start, duration=duration)
    assert answer.status == status
    if status == 409:
        assert "ander programma" in answer.error
        assert await db.fetchval("SELECT count(*) FROM programs") == 1


async def test_a_program_whose_end_has_passed_never_blocks(ann: Asking, db: Database) -> None:
    await create_whole(ann, "2026-01-05", "4 weken")
    await db.execute("UPDATE programs SET status = 'Actief'")
    assert (await ann.post("programs", startDate="2026-01-20", duration="1 week")).status == 201


async def test_programs_of_others_never_block(ann: Asking, bob: Asking) -> None:
    await create_whole(ann)
    assert (await bob.post("programs", startDate="2026-03-09", duration="1 week")).status == 201


async def test_a_draft_blocks_nothing_and_goes_when_its_days_are_wanted(
    ann: Asking, db: Database
) -> None:
    draft = await create(ann)
    other = await create(ann, "2026-03-16")
    assert (await ann.get(f"programs/{draft['id']}")).status == 404
    away = await create(ann, "2026-06-01")
    kept = [item["id"] for item in (await ann.get("programs")).data]
    assert kept == [away["id"], other["id"]]
    assert ("program", "delete", 20) in await events(db)
    await confirm(ann)
    assert (await ann.get(f"programs/{other['id']}")).status == 404


@pytest.mark.parametrize(
    "content",
    [{"goals": [STRESS]}, {"daysOfWeek": [MONDAY]}, {"methods": [WALK]}, {"notes": "x"}],
)
async def test_a_program_with_any_content_is_no_draft(ann: Asking, content: dict[str, Any]) -> None:
    await create(ann, **content)
    assert (await ann.post("programs", startDate="2026-03-09", duration="1 week")).status == 409


async def test_a_draft_in_which_something_is_just_being_recorded_is_none_any_more(
    ann: Asking, db: Database
) -> None:
    draft = await create(ann)
    async with db.transaction() as tx:
        await tx.execute("SELECT FROM programs FOR KEY SHARE")
        making = asyncio.create_task(ann.post("programs", startDate=SOON, duration="2 weken"))
        await until_somebody_waits(db)
        await tx.execute(
            "INSERT INTO method_completions (user_id, method_id, program_id, completed_on, points)"
            " VALUES ($1, $2, $3, '2026-03-04', 5)",
            *(ann.id, BREATHE, draft["id"]),
        )
    assert (await making).status == 409
    assert [program["id"] for program in (await ann.get("programs")).data] == [draft["id"]]


async def test_a_draft_is_itself_checked_against_real_programs(ann: Asking) -> None:
    await create_whole(ann)
    assert (await ann.post("programs", startDate="2026-03-09", duration="1 week")).status == 409


async def test_P2_of_fifty_creations_at_once_one_succeeds(ann: Asking, db: Database) -> None:
    starts = [f"2026-03-{9 + n % 14:02d}" for n in range(50)]
    answers = await asyncio.gather(
        *(ann.post("programs", **{**WHOLE, "startDate": start}) for start in starts)
    )
    assert sorted(answer.status for answer in answers) == [201, *[409] * 49]
    assert await db.fetchval("SELECT count(*) FROM programs") == 1


async def test_of_fifty_empty_first_steps_at_once_one_draft_remains(
    ann: Asking, db: Database
) -> None:
    wish = {"startDate": "2026-03-09", "duration": "1 week"}
    answers = await asyncio.gather(*(ann.post("programs", **wish) for _ in range(50)))
    assert {answer.status for answer in answers} == {201}
    assert await db.fetchval("SELECT count(*) FROM programs") == 1


async def test_P22_today_is_the_day_of_the_person(
    client: httpx.AsyncClient, make_person: MakePerson, clock: ManualClock
) -> None:
    """23:30 in UTC is half past midnight in Brussels, and still yesterday in New York."""
    clock.moment = clock.moment.replace(hour=23, minute=30)
    here = Asking(client, await make_person())
    lost = Asking(client, await make_person(zone="Mars/Base"))
    there = Asking(client, await make_person(zone="America/New_York"))
    wish = {"startDate": "2026-03-05", "duration": "1 week"}
    assert (await here.post("programs", **wish)).data["status"] == "Actief"
    assert (await lost.post("programs", **wish)).data["status"] == "Actief"
    assert (await there.post("programs", **wish)).data["status"] == "Gepland"


async def test_errors_speak_the_language_of_the_person(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking
) -> None:
    french = Asking(client, await make_person(language="fr"))
    await create_whole(french)
    answer = await french.post("programs", startDate="2026-03-09", duration="1 week")
    assert answer.error.startswith("Vous avez déjà")
