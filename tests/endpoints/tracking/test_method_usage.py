"""Recording methods over HTTP."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from api._lib.clock import ManualClock
from api._lib.db import Database
from tests.endpoints.asking import Answer, Asking, inside
from tests.endpoints.conftest import MakePerson
from tests.tracking.seed import UNKNOWN, add_program, link, record_id

BREATHE, SCAN = record_id("Meth", 0), record_id("Meth", 1)
TODAY = date(2026, 3, 4)


async def do(person: Asking, method: str = BREATHE, **more: Any) -> Answer:
    return await person.post("method-usage", userId=person.id, methodId=method, **more)


async def recorded(db: Database) -> int:
    count: int = await db.fetchval("SELECT count(*) FROM method_completions")
    return count


async def test_a_free_method_brings_its_points(ann: Asking) -> None:
    answer = await do(ann, remark="Rustig")
    assert answer.status == 201
    usage = answer.data
    assert UUID(usage.pop("id"))
    assert usage == {
        "userId": ann.id,
        "methodId": BREATHE,
        "usedAt": "2026-03-04",
        "remark": "Rustig",
        "pointsAwarded": 8,
    }


async def test_a_method_of_a_session_belongs_to_its_program(ann: Asking, db: Database) -> None:
    program, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0, 1])])
    usage = (await do(ann, programmaplanningId=str(session))).data
    assert usage["programId"] == str(program)
    assert usage["programmaplanningId"] == str(session)


async def test_both_ids_of_programs_and_sessions_are_understood(ann: Asking, db: Database) -> None:
    program, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0])])
    await link(db, "program", program, "recProgram0000001")
    await link(db, "program_schedule", session, "recSession0000001")
    usage = (
        await do(ann, programId="recProgram0000001", programmaplanningId="recSession0000001")
    ).data
    assert (usage["programId"], usage["programmaplanningId"]) == (str(program), str(session))
    loose = (await do(ann, SCAN, programId=str(program).upper())).data
    assert loose["programId"] == str(program)
    assert "programmaplanningId" not in loose


async def test_empty_ids_count_as_absent(ann: Asking) -> None:
    answer = await do(ann, programId="", programmaplanningId="")
    assert answer.status == 201
    assert "programId" not in answer.data


async def test_a_session_of_another_program_is_404(ann: Asking, db: Database) -> None:
    one, _ = await add_program(db, ann.id, TODAY)
    _, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0])])
    answer = await do(ann, programId=str(one), programmaplanningId=str(session))
    assert answer.status == 404
    assert await recorded(db) == 0


async def test_T2_a_session_of_somebody_else_is_404(ann: Asking, bob: Asking, db: Database) -> None:
    program, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0])])
    await link(db, "program_schedule", session, "recSession0000001")
    for place in (
        {"programmaplanningId": str(session)},
        {"programmaplanningId": "recSession0000001"},
        {"programId": str(program)},
        {"programId": str(program), "programmaplanningId": str(session)},
    ):
        assert (await do(bob, **place)).status == 404
    assert await recorded(db) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": "recSomebodyElse01"}, 403),
        ({"userId": ""}, 400),
        ({"methodId": ""}, 400),
        ({"methodId": "breathing"}, 400),
        ({"methodId": None}, 400),
        ({"methodId": 7}, 400),
        ({"methodId": record_id("Meth", 99)}, 404),
        ({"methodId": record_id("Habit", 0)}, 404),
        ({"programId": "program"}, 400),
        ({"programId": UNKNOWN}, 404),
        ({"programId": "\n"}, 400),
        ({"programId": "recUnknown0000001\n"}, 400),
        ({"programmaplanningId": "session"}, 400),
        ({"programmaplanningId": UNKNOWN}, 404),
        ({"programmaplanningId": "recUnknown0000001"}, 404),
        ({"remark": None}, 400),
        ({"remark": "x" * 5001}, 400),
        ({"remark": "zero\0"}, 400),
    ],
)
async def test_T5_T24_bad_requests_change_nothing(
    ann: Asking, db: Database, change: dict[str, Any], status: int
) -> None:
    answer = await ann.post("method-usage", **{"userId": ann.id, "methodId": BREATHE} | change)
    assert answer.status == status
    assert answer.error
    assert await recorded(db) == 0
    assert await db.fetchval("SELECT count(*) FROM outbox_events") == 0


async def test_T9_the_day_is_the_one_in_the_zone_of_the_person(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, clock: ManualClock
) -> None:
    clock.moment = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    brussels = Asking(client, await make_person())
    new_york = Asking(client, await make_person(zone="America/New_York"))
    assert (await do(brussels)).data["usedAt"] == "2026-03-05"
    assert (await do(new_york)).data["usedAt"] == "2026-03-04"


async def test_points_stay_those_of_the_moment(ann: Asking, db: Database) -> None:
    await do(ann)
    await db.execute("UPDATE methods SET points_value = 1 WHERE id = $1", BREATHE)
    assert (await ann.get("rewards")).data["mentalFitnessScore"] == 8


async def test_the_same_again_within_ten_seconds_is_a_replay(
    ann: Asking, clock: ManualClock, db: Database
) -> None:
    first = await do(ann)
    clock.advance(timedelta(seconds=9))
    again = await do(ann)
    assert (again.status, again.data["pointsAwarded"]) == (200, 0)
    assert again.data["id"] == first.data["id"]
    assert (await do(ann, SCAN)).status == 201
    clock.advance(timedelta(seconds=1))
    assert (await do(ann)).status == 201
    assert await recorded(db) == 3


async def test_the_same_elsewhere_is_no_replay(ann: Asking, db: Database) -> None:
    program, [one, two] = await add_program(
        db, ann.id, TODAY, [(TODAY, [0]), (date(2026, 3, 6), [0])]
    )
    places: list[dict[str, Any]] = [
        {},
        {"programId": str(program)},
        {"programmaplanningId": str(one)},
        {"programmaplanningId": str(two)},
    ]
    assert [(await do(ann, **place)).status for place in places] == [201] * 4
    assert [(await do(ann, **place)).status for place in places] == [200] * 4


async def test_an_idempotency_key_alone_decides(
    ann: Asking, bob: Asking, clock: ManualClock, db: Database
) -> None:
    first = await do(ann, key="one")
    assert (await do(ann, key="two")).status == 201
    clock.advance(timedelta(minutes=50))
    again = await do(ann, SCAN, key="one")
    assert (again.status, again.data["pointsAwarded"]) == (200, 0)
    assert again.data["id"] == first.data["id"]
    assert again.data["methodId"] == BREATHE
    assert (await do(bob, key="one")).status == 201
    assert await recorded(db) == 3


async def test_an_idempotency_key_answers_even_when_the_program_is_gone(
    ann: Asking, db: Database
) -> None:
    program, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0])])
    first = await do(ann, key="one", programmaplanningId=str(session))
    await ann.ask("DELETE", f"programs/{program}")
    for place in ({"programmaplanningId": str(session)}, {"programId": UNKNOWN}):
        again = await do(ann, key="one", **place)
        assert (again.status, again.data["id"]) == (200, first.data["id"])
        assert (await do(ann, key="other", **place)).status == 404
    assert await recorded(db) == 1


@pytest.mark.parametrize("key", ["", "k" * 101])
async def test_an_idempotency_key_has_1_to_100_characters(ann: Asking, key: str) -> None:
    assert (await do(ann, key=key)).status == 400


async def test_T10_racing_retries_of_one_completion_count_once(ann: Asking, db: Database) -> None:
    answers = await asyncio.gather(*(do(ann, key="same") for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [201]
    assert (await ann.get("rewards")).data["totalPoints"] == 8


async def test_T10_R22_a_late_failure_leaves_nothing_to_count_twice(
    ann: Asking, db: Database
) -> None:
    await db.execute("ALTER TABLE outbox_events RENAME TO out_of_order")
    failed = await do(ann)
    assert failed.status == 500
    assert await recorded(db) == 0
    assert (
        await db.fetchval("SELECT total_points FROM user_rewards WHERE user_id = $1", ann.id) == 0
    )
    await db.execute("ALTER TABLE out_of_order RENAME TO outbox_events")
    assert (await do(ann)).status == 201
    assert await recorded(db) == 1


async def test_T4_R20_internal_texts_never_reach_the_client(ann: Asking, db: Database) -> None:
    await db.execute("ALTER TABLE method_completions RENAME COLUMN remark TO note")
    for answer in (await do(ann), await ann.get("method-usage/by-program", programId=UNKNOWN)):
        assert answer.status == 500
        assert "remark" not in answer.error
        assert "column" not in answer.error


async def test_T26_a_completion_takes_at_most_seven_statements(
    ann: Asking, db: Database, statements: list[str]
) -> None:
    _, [session, *_] = await add_program(
        db, ann.id, TODAY, [(TODAY + timedelta(days=n), [0, 1]) for n in range(3)]
    )
    statements.clear()
    await do(ann, programmaplanningId=str(session))
    assert len(inside(statements)) <= 7
    events = await db.fetch("SELECT entity_type, operation FROM outbox_events")
    assert {tuple(event) for event in events} == {("method_usage", "upsert"), ("user", "upsert")}
    assert await db.fetchval("SELECT user_id FROM notification_planning") == ann.id


async def test_T15_T8_a_remark_can_be_changed_under_both_ids(ann: Asking, db: Database) -> None:
    usage = (await do(ann)).data
    await link(db, "method_usage", usage["id"], "recUsage000000001")
    del usage["pointsAwarded"]
    changed = await ann.patch(f"method-usage/{usage['id']}", remark="Goed")
    assert (changed.status, changed.data) == (200, usage | {"remark": "Goed"})
    again = await ann.patch("method-usage/recUsage000000001", remark="Beter")
    assert again.data["remark"] == "Beter"
    assert again.data["usedAt"] == "2026-03-04"


async def test_a_remark_changes_no_points(ann: Asking, db: Database) -> None:
    usage = (await do(ann)).data
    before = (await ann.get("rewards")).data
    await ann.patch(f"method-usage/{usage['id']}", remark="Goed")
    assert (await ann.get("rewards")).data == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("method-usage/first", {"remark": "x"}, 400),
        (f"method-usage/{UNKNOWN}", {"remark": "x"}, 404),
        ("method-usage/recUnknown0000001", {"remark": "x"}, 404),
        ("method-usage/recUnknown0000001", {}, 400),
        ("method-usage/recUnknown0000001", {"remark": ""}, 400),
        ("method-usage/recUnknown0000001", {"remark": None}, 400),
        ("method-usage/recUnknown0000001", {"remark": "x" * 5001}, 400),
    ],
)
async def test_bad_remarks(ann: Asking, path: str, body: dict[str, object], status: int) -> None:
    assert (await ann.patch(path, **body)).status == status


async def test_the_remark_of_somebody_else_is_404(ann: Asking, bob: Asking) -> None:
    usage = (await do(ann, remark="Mijn geheim")).data
    assert (await bob.patch(f"method-usage/{usage['id']}", remark="Nee")).status == 404


async def test_the_latest_of_a_program_come_first_and_named(ann: Asking, db: Database) -> None:
    program, _ = await add_program(db, ann.id, TODAY)
    other, _ = await add_program(db, ann.id, TODAY)
    await db.executemany(
        "INSERT INTO method_completions (user_id, method_id, program_id, completed_on, points,"
        " remark) VALUES ($1, $2, $3, $4, 5, $5)",
        [
            (ann.id, BREATHE, program, date(2026, 3, 1), "oud"),
            (ann.id, SCAN, program, date(2026, 3, 3), None),
            (ann.id, BREATHE, program, date(2026, 3, 2), ""),
            (ann.id, BREATHE, other, date(2026, 3, 4), None),
        ],
    )
    answer = await ann.get("method-usage/by-program", programId=str(program))
    assert [usage["usedAt"] for usage in answer.data] == ["2026-03-03", "2026-03-02"]
    assert [usage["methodName"] for usage in answer.data] == ["Methode 1", "Methode 0"]
    assert all("remark" not in usage for usage in answer.data)
    assert all("pointsAwarded" not in usage for usage in answer.data)
    everything = await ann.get("method-usage/by-program", programId=str(program), limit=50)
    assert everything.data[2]["remark"] == "oud"


async def test_a_program_without_completions_has_an_empty_list(ann: Asking, db: Database) -> None:
    program, _ = await add_program(db, ann.id, TODAY)
    await link(db, "program", program, "recProgram0000001")
    for program_id in (str(program), "recProgram0000001"):
        assert (await ann.get("method-usage/by-program", programId=program_id)).data == []


async def test_T1_completions_of_another_persons_program_are_404(
    ann: Asking, bob: Asking, db: Database
) -> None:
    program, _ = await add_program(db, ann.id, TODAY)
    await do(ann, programId=str(program), remark="Mijn geheim")
    assert (await bob.get("method-usage/by-program", programId=str(program))).status == 404
    assert (await bob.get("method-usage/by-program", programId=UNKNOWN)).status == 404


NO_LIMITS = ["0", "-1", "51", "two", "", "1e3", "1e1", "2.0", "+2", " 2", "²"]


@pytest.mark.parametrize("limit", NO_LIMITS)
async def test_T16_limits_are_bounded(ann: Asking, db: Database, limit: str) -> None:
    program, _ = await add_program(db, ann.id, TODAY)
    answer = await ann.get("method-usage/by-program", programId=str(program), limit=limit)
    assert answer.status == 400


@pytest.mark.parametrize("query", [{}, {"programId": ""}, {"programId": "mine"}])
async def test_a_program_must_be_named(ann: Asking, query: dict[str, str]) -> None:
    assert (await ann.get("method-usage/by-program", **query)).status == 400


async def test_the_token_is_looked_at_before_the_query(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/method-usage/by-program")).status_code == 401


async def test_completions_are_not_listed(ann: Asking) -> None:
    assert (await ann.get("method-usage")).status == 405


async def test_T28_R19_completions_outlive_their_program(ann: Asking, db: Database) -> None:
    program, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0])])
    await do(ann, programmaplanningId=str(session))
    await db.execute("DELETE FROM programs WHERE id = $1", program)
    row = await db.fetchrow("SELECT program_id, session_id FROM method_completions")
    assert row is not None
    assert tuple(row) == (None, None)
    assert (await ann.get("rewards")).data["totalPoints"] == 8
