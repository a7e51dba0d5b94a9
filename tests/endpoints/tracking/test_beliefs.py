"""Completing beliefs over HTTP: those of the catalogue and one's own."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from api._lib.clock import ManualClock
from api._lib.db import Database
from tests.endpoints.asking import Answer, Asking, inside
from tests.endpoints.conftest import MakePerson
from tests.tracking.seed import UNKNOWN, add_program, link, record_id

BELIEF, OTHER = record_id("Belief", 0), record_id("Belief", 1)
TODAY = "2026-03-04"
OWN = "persoonlijke-overtuigingen"


async def complete(person: Asking, belief: str = BELIEF, **more: Any) -> Answer:
    body = {"userId": person.id, "overtuigingId": belief, "date": TODAY}
    return await person.post("overtuiging-usage", **(body | more))


async def add(person: Asking, name: str = "Ik kan het", **more: Any) -> Any:
    answer = await person.post(OWN, name=name, **more)
    assert answer.status == 201, answer.body
    return answer.data


async def finish(person: Asking, belief: Any) -> Answer:
    return await person.patch(f"{OWN}/{belief['id']}", status="Afgerond")


async def points(person: Asking) -> tuple[int, int]:
    rewards = (await person.get("rewards")).data
    return rewards["bonusPoints"], rewards["totalPoints"]


async def events(db: Database) -> list[str]:
    rows = await db.fetch(
        "UPDATE outbox_events SET status = 'processed' WHERE status = 'pending'"
        " AND entity_type <> 'user' RETURNING entity_type || ' ' || operation AS event"
    )
    return [row["event"] for row in rows]


async def test_a_belief_counts_once_ever(ann: Asking) -> None:
    first = await complete(ann)
    again = await complete(ann, date="2026-03-05")
    assert (first.status, first.data["pointsAwarded"]) == (201, 1)
    assert (again.status, again.data["pointsAwarded"]) == (200, 0)
    assert again.data["id"] == first.data["id"]
    assert await points(ann) == (1, 1)


async def test_T13_a_belief_completed_in_one_program_is_completed_in_all(
    ann: Asking, db: Database
) -> None:
    one, _ = await add_program(db, ann.id, date(2026, 3, 1))
    two, _ = await add_program(db, ann.id, date(2026, 5, 1))
    await link(db, "program", two, "recProgram0000002")
    assert (await complete(ann, programId=str(one))).status == 201
    assert (await complete(ann, programId="recProgram0000002")).status == 200
    for query in ({}, {"all": "true"}, {"programId": str(two)}, {"programId": str(one)}):
        answer = await ann.get("overtuiging-usage", **query)
        assert answer.data == {BELIEF: {"completed": True}}
    assert await db.fetchval("SELECT program_id FROM belief_completions") == one


async def test_T14_racing_first_completions_all_succeed(ann: Asking) -> None:
    answers = await asyncio.gather(*(complete(ann) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [201]
    assert len({answer.data["id"] for answer in answers}) == 1
    assert await points(ann) == (1, 1)


async def test_R3_racing_beliefs_lose_no_point(ann: Asking) -> None:
    await asyncio.gather(*(complete(ann, record_id("Belief", n)) for n in range(4)))
    assert await points(ann) == (4, 4)


async def test_beliefs_of_others_are_not_shown(ann: Asking, bob: Asking) -> None:
    await complete(ann)
    assert (await bob.get("overtuiging-usage")).data == {}
    assert (await complete(bob)).status == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": "recSomebodyElse01"}, 403),
        ({"overtuigingId": ""}, 400),
        ({"overtuigingId": "mine"}, 400),
        ({"overtuigingId": "recUnknown0000001"}, 404),
        ({"overtuigingId": None}, 400),
        ({"programId": ""}, 400),
        ({"programId": "mine"}, 400),
        ({"programId": UNKNOWN}, 404),
        ({"programId": None}, 400),
        ({"date": "2026-03-06"}, 400),
        ({"date": "2026-02-30"}, 400),
        ({"date": None}, 400),
    ],
)
async def test_T5_bad_completions_change_nothing(
    ann: Asking, db: Database, change: dict[str, Any], status: int
) -> None:
    answer = await complete(ann, **change)
    assert answer.status == status
    assert answer.error
    assert (await ann.get("overtuiging-usage")).data == {}
    assert await events(db) == []


async def test_the_program_of_somebody_else_is_404(ann: Asking, bob: Asking, db: Database) -> None:
    program, _ = await add_program(db, ann.id, date(2026, 3, 1))
    assert (await complete(bob, programId=str(program))).status == 404
    assert (await bob.post(OWN, name="x", programId=str(program))).status == 404


async def test_completing_takes_at_most_seven_statements(
    ann: Asking, db: Database, statements: list[str]
) -> None:
    program, _ = await add_program(db, ann.id, date(2026, 3, 1))
    statements.clear()
    await complete(ann, programId=str(program))
    assert len(inside(statements)) <= 7
    assert await events(db) == ["overtuiging_usage upsert"]


async def test_own_beliefs_are_listed_with_the_finished_ones(ann: Asking, db: Database) -> None:
    program, _ = await add_program(db, ann.id, date(2026, 3, 1))
    first = await add(ann, "  Ik kan het ", programId=str(program))
    assert {key: first[key] for key in ("name", "userId", "status", "programId")} == {
        "name": "Ik kan het",
        "userId": ann.id,
        "status": "Actief",
        "programId": str(program),
    }
    second, gone = await add(ann, "Het lukt"), await add(ann, "Weg")
    finished = (await finish(ann, second)).data
    await ann.delete(f"{OWN}/{gone['id']}")
    assert (await ann.get(OWN)).data == [first, finished]
    assert "programId" not in second
    assert "completedDate" not in second
    assert finished == second | {"status": "Afgerond", "completedDate": TODAY}


async def test_T12_finishing_pays_once_ever(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, clock: ManualClock
) -> None:
    belief = await add(ann)
    for _ in range(3):
        assert (await finish(ann, belief)).data["completedDate"] == TODAY
    reopened = (await ann.patch(f"{OWN}/{belief['id']}", status="Actief")).data
    assert reopened == belief
    assert await points(ann) == (1, 1)
    await finish(ann, belief)
    assert await points(ann) == (1, 1)


async def test_the_day_of_finishing_is_the_one_of_the_person(
    client: httpx.AsyncClient, make_person: MakePerson, ann: Asking, clock: ManualClock
) -> None:
    clock.moment = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    night_owl = Asking(client, await make_person())
    assert (await finish(night_owl, await add(night_owl))).data["completedDate"] == "2026-03-05"


async def test_T12_racing_finishes_pay_once(ann: Asking) -> None:
    belief = await add(ann)
    answers = await asyncio.gather(*(finish(ann, belief) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    assert await points(ann) == (1, 1)


async def test_repeating_a_finish_sends_nothing(ann: Asking, db: Database) -> None:
    belief = await add(ann)
    await finish(ann, belief)
    assert await events(db) == ["persoonlijke_overtuiging upsert"]
    await finish(ann, belief)
    assert await events(db) == []


async def test_an_own_belief_can_be_renamed_under_both_ids(ann: Asking, db: Database) -> None:
    belief = await add(ann)
    await link(db, "persoonlijke_overtuiging", belief["id"], "recBelief00000099")
    answer = await ann.patch(f"{OWN}/recBelief00000099", name=" Het lukt ")
    assert answer.data == belief | {"name": "Het lukt"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": None},
        {"name": "x" * 201},
        {"status": "Verwijderd"},
    ],
)
async def test_T3_changes_that_cannot_be_are_400(ann: Asking, body: dict[str, Any]) -> None:
    belief = await add(ann)
    answer = await ann.patch(f"{OWN}/{belief['id']}", **body)
    assert answer.status == 400
    assert (await ann.get(OWN)).data == [belief]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "  "}, 400),
        ({"name": "x" * 201}, 400),
        ({"name": "x", "programId": "mine"}, 400),
        ({"name": "x", "programId": UNKNOWN}, 404),
    ],
)
async def test_T24_beliefs_that_cannot_be_are_refused(
    ann: Asking, body: dict[str, Any], status: int
) -> None:
    assert (await ann.post(OWN, **body)).status == status
    assert (await ann.get(OWN)).data == []


async def test_T24_nobody_has_more_than_a_hundred_own_beliefs(ann: Asking, db: Database) -> None:
    await db.execute(
        "INSERT INTO personal_beliefs (user_id, name, status) SELECT $1::text, n::text,"
        " CASE WHEN n > 98 THEN 'Verwijderd' ELSE 'Actief' END FROM generate_series(1, 108) AS n",
        ann.id,
    )
    answers = await asyncio.gather(*(ann.post(OWN, name=f"Meer {n}") for n in range(6)))
    assert sorted(answer.status for answer in answers) == [201] * 2 + [400] * 4


async def test_deleting_twice_is_fine_and_sends_one_event(ann: Asking, db: Database) -> None:
    belief = await add(ann)
    await finish(ann, belief)
    await events(db)
    answer = await ann.delete(f"{OWN}/{belief['id']}")
    assert (answer.status, answer.body) == (200, {"success": True, "data": None})
    assert await events(db) == ["persoonlijke_overtuiging delete"]
    assert (await ann.delete(f"{OWN}/{belief['id']}")).status == 200
    assert await events(db) == []
    assert await points(ann) == (1, 1)


async def test_T18_a_deleted_belief_cannot_be_revived_or_finished(ann: Asking) -> None:
    belief = await add(ann)
    await ann.delete(f"{OWN}/{belief['id']}")
    assert (await finish(ann, belief)).status == 404
    assert (await ann.patch(f"{OWN}/{belief['id']}", status="Actief")).status == 404
    assert await points(ann) == (0, 0)


async def test_own_beliefs_of_others_are_404(ann: Asking, bob: Asking, db: Database) -> None:
    belief = await add(ann)
    await link(db, "persoonlijke_overtuiging", belief["id"], "recBelief00000099")
    for belief_id in (belief["id"], "recBelief00000099", UNKNOWN, "recUnknown0000001"):
        assert (await bob.patch(f"{OWN}/{belief_id}", status="Afgerond")).status == 404
        assert (await bob.delete(f"{OWN}/{belief_id}")).status == 404
    assert (await bob.get(OWN)).data == []
    assert (await bob.patch(f"{OWN}/mine", name="x")).status == 400
    assert (await bob.delete(f"{OWN}/mine")).status == 400


async def test_T25_a_person_under_a_new_id_keeps_the_own_beliefs(ann: Asking, db: Database) -> None:
    belief = await add(ann)
    await finish(ann, belief)
    await db.execute("UPDATE users SET id = 'recNewIdOfAnn0001' WHERE id = $1", ann.id)
    row = await db.fetchrow("SELECT user_id, status FROM personal_beliefs")
    assert row is not None
    assert tuple(row) == ("recNewIdOfAnn0001", "Afgerond")
    assert await db.fetchval(
        "SELECT user_id FROM reward_ledger WHERE kind = 'personal_belief'"
    ) == ("recNewIdOfAnn0001")
