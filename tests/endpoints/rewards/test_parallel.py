"""Many completions at once end where one after the other ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from api._lib.db import Database
from tests.endpoints.asking import Answer, Asking
from tests.endpoints.rewards.test_rewards import rewards
from tests.pooler import Pooler
from tests.scale import SOAK
from tests.tracking.seed import add_program, record_id

TODAY = date(2026, 3, 4)
Action = Callable[[Asking], Awaitable[Answer]]


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Requests may queue for a connection as long as it takes."""
    return environ | {"PG_CONNECT_TIMEOUT_MS": "60000"}


async def prepare(db: Database, person: Asking) -> list[Action]:
    """Two hundred completions of all kinds for a person, some of them meant to be repeats."""
    plan = [(TODAY - timedelta(days=10 - n), [n % 3]) for n in range(12)]
    _, sessions = await add_program(db, person.id, TODAY - timedelta(days=10), plan)
    for session in sessions[:10]:
        await db.execute(
            "INSERT INTO method_completions (user_id, method_id, session_id, completed_on, points)"
            " SELECT $1::text, 'recMeth0000000000', id, session_date, 5 FROM program_sessions"
            " WHERE id = $2",
            person.id,
            session,
        )
    goals = [(await person.post("personal-goals", name=f"{n}")).data["id"] for n in range(3)]
    own = [
        (await person.post("persoonlijke-overtuigingen", name=f"{n}")).data["id"] for n in range(5)
    ]
    return [
        *(_method(n // 2, str(sessions[n // 2 % 12])) for n in range(60)),
        *(_method(n, "") for n in range(60, 80)),
        *(_habit(n % 4, TODAY - timedelta(days=n % 8)) for n in range(40)),
        *(_goal(goals[n % 3], n) for n in range(40)),
        *(_belief(n % 10) for n in range(20)),
        *(_own_belief(own[n % 5]) for n in range(20)),
    ]


def _method(n: int, session: str) -> Action:
    body = {"methodId": record_id("Meth", n % 3), "programmaplanningId": session}
    return lambda p: p.post("method-usage", key=f"method {n}", userId=p.id, **body)


def _habit(habit: int, day: date) -> Action:
    body = {"goedeGewoonteId": record_id("Habit", habit), "date": str(day)}
    return lambda p: p.post("habit-usage", userId=p.id, **body)


def _goal(goal: str, n: int) -> Action:
    body = {"personalGoalId": goal, "date": str(TODAY - timedelta(days=n % 5))}
    return lambda p: p.post("personal-goal-usage", userId=p.id, **body)


def _belief(belief: int) -> Action:
    body = {"overtuigingId": record_id("Belief", belief), "date": str(TODAY)}
    return lambda p: p.post("overtuiging-usage", userId=p.id, **body)


def _own_belief(belief: str) -> Action:
    return lambda p: p.patch(f"persoonlijke-overtuigingen/{belief}", status="Afgerond")


async def final(db: Database, person: Asking) -> dict[str, Any]:
    """Where a person ended, and that the mirror and the ledger agree."""
    found: dict[str, Any] = await rewards(person)
    mirror = await db.fetchrow("SELECT * FROM user_rewards WHERE user_id = $1", person.id)
    assert mirror is not None
    assert (mirror["total_points"], mirror["bonus_points"]) == (
        found["totalPoints"],
        found["bonusPoints"],
    )
    return found | {"badges": sorted(found["badges"])}


async def test_R3_200_parallel_completions_end_like_a_sequential_run(
    ann: Asking, bob: Asking, db: Database, pooler: Pooler | None
) -> None:
    """Behind a pooler every fourth of them, but at full size."""
    every = 1 if SOAK or pooler is None else 4
    await db.execute("DELETE FROM beliefs")
    await db.executemany(
        "INSERT INTO beliefs (id, name) VALUES ($1, 'x')",
        [(record_id("Belief", n),) for n in range(10)],
    )
    at_once = (await prepare(db, ann))[::every]
    in_turn = (await prepare(db, bob))[::every]
    assert len(at_once) == len(in_turn) == 200 // every
    answers = await asyncio.gather(*(action(ann) for action in at_once))
    assert {answer.status for answer in answers} <= {200, 201}
    for action in in_turn:
        assert (await action(bob)).status in (200, 201)
    after_all, after_each = await final(db, ann), await final(db, bob)
    assert after_all == after_each
    assert after_all["totalPoints"] > 500 // every
    assert after_all["bonusPoints"] >= 15 // every
