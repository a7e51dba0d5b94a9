"""Whoever writes holds the person first, so that nobody who erases a person gets in the way."""

import asyncio
from datetime import date
from typing import Any

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Asking
from tests.tracking.seed import add_program, record_id
from tests.waiting import until_somebody_waits

TODAY = date(2026, 3, 4)
METHOD, BELIEF, HABIT = record_id("Meth", 0), record_id("Belief", 0), record_id("Habit", 0)
OWN = ("programs", "method_completions", "personal_beliefs", "user_rewards", "outbox_events")

Request = tuple[str, str, dict[str, Any]]


async def requests(ann: Asking, db: Database) -> list[Request]:
    """Everything that writes below a program, with nothing but rewards, or counting nothing."""
    program, [session] = await add_program(db, ann.id, TODAY, [(TODAY, [0])])
    where = {"programId": str(program)}, {"programmaplanningId": str(session)}
    done = {"userId": ann.id, "methodId": METHOD}
    usage = (await ann.post("method-usage", **done)).data["id"]
    own = (await ann.post("persoonlijke-overtuigingen", name="Ik groei")).data["id"]
    goal = (await ann.post("personal-goals", name="Lopen")).data["id"]
    day = {"userId": ann.id, "date": str(TODAY)}
    belief = day | {"overtuigingId": BELIEF}
    return [
        ("POST", "method-usage", done | where[0]),
        ("POST", "method-usage", done | where[1]),
        ("POST", "method-usage", done | where[0] | where[1]),
        ("POST", "overtuiging-usage", belief | where[0]),
        ("PATCH", f"method-usage/{usage}", {"remark": "Rustig"}),
        ("DELETE", f"persoonlijke-overtuigingen/{own}", {}),
        ("POST", "habit-usage", day | {"goedeGewoonteId": HABIT}),
        ("POST", "personal-goal-usage", day | {"personalGoalId": goal}),
        ("PATCH", f"persoonlijke-overtuigingen/{own}", {"status": "Afgerond"}),
    ]


@pytest.mark.parametrize("which", range(9))
async def test_nothing_of_a_person_is_held_before_the_person(
    ann: Asking, db: Database, which: int
) -> None:
    method, path, body = (await requests(ann, db))[which]
    async with db.transaction() as tx:
        await tx.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", ann.id)
        writing = asyncio.create_task(ann.ask(method, path, json=body))
        await until_somebody_waits(db)
        for table in OWN:
            await tx.execute(f"SELECT FROM {table} WHERE user_id = $1 FOR UPDATE NOWAIT", ann.id)
    assert (await writing).status in (200, 201)


PLACES = [(0, "programs"), (3, "programs")] + [
    (which, table) for which in (1, 2) for table in ("programs", "program_sessions")
]


@pytest.mark.parametrize(("which", "table"), PLACES)
async def test_rewards_are_held_after_the_program_and_the_session(
    ann: Asking, db: Database, which: int, table: str
) -> None:
    """So that nobody who deletes a program, and then counts, gets in the way."""
    method, path, body = (await requests(ann, db))[which]
    async with db.transaction() as tx:
        await tx.execute(f"SELECT FROM {table} FOR UPDATE")
        writing = asyncio.create_task(ann.ask(method, path, json=body))
        await until_somebody_waits(db)
        await tx.execute("SELECT FROM user_rewards FOR UPDATE NOWAIT")
    assert (await writing).status == 201
