"""Whatever people do with programs, Airtable alone answers as Postgres does."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from api._lib.airtable.personal import PERSONAL_BELIEFS
from api._lib.clock import ManualClock
from api._lib.programs import service as programs
from tests.endpoints.programs.steps import day, review
from tests.flags.conftest import MakeStage
from tests.flags.recording import Exchange, Recorder
from tests.flags.sequence import CONTENT_IDS
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as c
from tests.scale import scaled

GOALS = [c.STRESS, c.FOCUS, c.SLEEP]
METHODS = [c.BREATHE, c.SCAN, c.WALK, c.WRITE, c.TIDY]
DAYS = [c.MONDAY, c.TUESDAY, c.WEDNESDAY, c.FRIDAY, c.SUNDAY]
BELIEFS = [c.REST, c.CAN]
FIRST = date(2026, 1, 12)
PG, AIRTABLE = "postgres_primary", "airtable_only"
MIXED = [
    (PG, {"METHOD_USAGE": AIRTABLE, "OVERTUIGING_USAGE": AIRTABLE, "REWARDS": AIRTABLE}),
    (AIRTABLE, {"METHOD_USAGE": PG, "REWARDS": PG}),
    (AIRTABLE, {"METHOD_USAGE": "postgres_only", "OVERTUIGING_USAGE": PG}),
]
Choice = Callable[["Walk"], Awaitable[None]]


class Walk:
    """One person who does things at random; the same things wherever programs live."""

    def __init__(self, recorder: Recorder, server: Server, random: Random) -> None:
        self._recorder, self._server, self._random = recorder, server, random
        self._ids: list[str] = []

    async def step(self) -> None:
        """Do something, and look at all there is."""
        await self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0](self)
        listed = await self._ask("GET", "programs")
        self._ids = [program["id"] for program in listed.body["data"]]
        for program in self._ids:
            await self._ask("GET", f"programs/{program}")

    async def create(self) -> None:
        """A draft, or something more."""
        lists = self._lists() if self._random.random() < 0.7 else {}
        await self._ask("POST", "programs", json={**self._period(), **lists})

    async def confirm(self) -> None:
        """A reviewed plan."""
        period = self._period()
        first = date.fromisoformat(period["startDate"])
        dates = sorted(self._random.sample(range(7), self._random.randint(1, 4)))
        schedule = [
            day((first + timedelta(days=n)).isoformat(), *self._some(METHODS, 1)) for n in dates
        ]
        own = [f"Ik leer {n}" for n in range(self._random.randint(0, 2))]
        body = review(
            period["startDate"],
            period["duration"],
            editedSchedule=schedule,
            customOvertuigingen=own,
        )
        await self._ask("POST", "programs/confirm", json=body)

    async def change(self) -> None:
        """Lists and notes of a program."""
        lists = self._lists()
        kept = {name: lists[name] for name in self._some(list(lists), 0)}
        choices: list[dict[str, Any]] = [{}, {"notes": None}, {"notes": "Hup"}]
        notes = self._random.choice(choices)
        await self._ask("PATCH", f"programs/{self._program()}", json={**kept, **notes})

    async def edit(self) -> None:
        """A session, of whatever day."""
        program, session = await self._session()
        body = {"methods": self._some(METHODS, 1)}
        await self._ask("PATCH", f"programs/{program}/schedule/{session}", json=body)

    async def regenerate(self) -> None:
        """The rest of a program."""
        body = {"daysOfWeek": self._some(DAYS, 1), "force": self._random.random() < 0.7}
        choices: list[dict[str, Any]] = [{}, {"goals": [c.FOCUS]}, {"regenerateMethod": "ai"}]
        more = self._random.choice(choices)
        path = f"programs/{self._program()}/regenerate-schedule"
        await self._ask("POST", path, json={**body, **more})

    async def extend(self) -> None:
        """A program by some weeks."""
        body = {"weeks": self._random.randint(1, 3)}
        await self._ask("POST", f"programs/{self._program()}/extend", json=body)

    async def delete(self) -> None:
        """A program."""
        await self._ask("DELETE", f"programs/{self._program()}")

    async def do(self) -> None:
        """A method, in a session or only in a program."""
        program, session = await self._session()
        where = self._random.choice([{"programId": program}, {"programmaplanningId": session}])
        body = {"userId": self._server.ann.id, "methodId": self._random.choice(METHODS), **where}
        await self._ask("POST", "method-usage", json=body)

    async def look_around(self) -> None:
        """What else tells of programs, once Airtable has learned of everything."""
        await self._server.settle()
        await self._server.ctx.tables.forget(PERSONAL_BELIEFS)
        for path in ("persoonlijke-overtuigingen", "rewards"):
            await self._ask("GET", path)
        path, query = "method-usage/by-program", {"programId": self._program()}
        await self._ask("GET", path, params=query)
        await self._ask("GET", f"programs/{query['programId']}/methods")

    async def work(self) -> None:
        """The hourly job."""
        await programs.roll_program_status(self._server.ctx)

    async def _ask(self, method: str, path: str, **options: Any) -> Any:
        return await self._recorder.ask(self._server.ann, method, path, **options)

    def _some(self, choices: list[str], least: int) -> list[str]:
        return self._random.sample(choices, self._random.randint(least, min(3, len(choices))))

    def _lists(self) -> dict[str, list[str]]:
        return {
            "goals": self._some(GOALS, 0),
            "methods": self._some(METHODS, 0),
            "daysOfWeek": self._some(DAYS, 0),
            "overtuigingen": self._some(BELIEFS, 0),
        }

    def _period(self) -> dict[str, str]:
        start = FIRST + timedelta(days=self._random.randrange(90))
        weeks = self._random.randint(1, 3)
        return {"startDate": start.isoformat(), "duration": f"{weeks} weken"}

    def _program(self) -> str:
        return self._random.choice(self._ids or [c.UNKNOWN])

    async def _session(self) -> tuple[str, str]:
        program = self._program()
        answer = await self._ask("GET", f"programs/{program}")
        schedule = answer.body["data"]["schedule"] if answer.status == 200 else []
        return program, self._random.choice([s["id"] for s in schedule] or [c.UNKNOWN])


WEIGHTS: dict[Choice, int] = {
    Walk.create: 4,
    Walk.confirm: 3,
    Walk.change: 5,
    Walk.edit: 3,
    Walk.regenerate: 3,
    Walk.extend: 3,
    Walk.delete: 1,
    Walk.do: 5,
    Walk.look_around: 2,
    Walk.work: 1,
}


class Nameless(Recorder):
    """Keeps no ids: where stores are mixed, one thing may be shown by either of its two."""

    def _name(self, found: str) -> str:
        return found if found in CONTENT_IDS else "<id>"


async def walked(
    stage: Stage, recorder: Recorder, seed: int, mode: str = PG, **flags: str
) -> list[Exchange]:
    """Everything that was answered."""
    async with stage.server(mode, {"DATA_BACKEND_ALLOW_MIXED": "true"}, **flags) as server:
        walk = Walk(recorder, server, Random(seed))
        for _ in range(scaled(6, soak=30)):
            await walk.step()
    return recorder.exchanges


def assert_alike(expected: list[Exchange], found: list[Exchange]) -> None:
    """Every answer is the same."""
    for ours, theirs in zip(expected, found, strict=False):
        assert theirs == ours
    assert len(found) == len(expected)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(scaled(2, soak=25)))
async def test_both_stores_answer_alike(
    make_stage: MakeStage, clock: ManualClock, seed: int
) -> None:
    start, known = clock.moment, {id: id for id in CONTENT_IDS}
    expected = await walked(await make_stage(), Recorder(dict(known), clock), seed)
    clock.moment = start
    found = await walked(await make_stage(), Recorder(dict(known), clock), seed, AIRTABLE)
    assert_alike(expected, found)


@pytest.mark.soak
@pytest.mark.parametrize(("mode", "flags"), MIXED[: scaled(1, soak=len(MIXED))])
@pytest.mark.parametrize("seed", range(scaled(1, soak=5)))
async def test_mixed_stores_answer_alike(
    make_stage: MakeStage, clock: ManualClock, mode: str, flags: dict[str, str], seed: int
) -> None:
    start = clock.moment
    expected = await walked(await make_stage(), Nameless({}, clock), seed)
    clock.moment = start
    found = await walked(await make_stage(), Nameless({}, clock), seed, mode, **flags)
    assert_alike(expected, found)
