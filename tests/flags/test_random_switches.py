"""Random work under random sets of flags: what the preflight allows shows the same afterwards."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from api._lib.backend import broken_requirements
from api._lib.cache import Cache
from api._lib.clock import ManualClock
from api._lib.settings import Backend as B
from tests.endpoints.asking import Answer
from tests.endpoints.programs.steps import create_whole
from tests.flags.conftest import MakeStage
from tests.flags.stage import FLAGS, Server, Stage
from tests.flags.test_there_and_back import differences, facts, objections, run_import
from tests.programs import catalogue as library
from tests.scale import scaled

TODAY, YESTERDAY = "2026-03-04", "2026-03-03"
HABITS = (library.WATER, library.STRETCH, library.READ)
METHODS = (library.BREATHE, library.SCAN, library.WALK)
BELIEFS = (library.REST, library.CAN, library.ENOUGH)
MODES = (B.AIRTABLE_ONLY, B.POSTGRES_SHADOW_READ, B.POSTGRES_PRIMARY)
HOME = dict.fromkeys(FLAGS, B.POSTGRES_PRIMARY)
PHASES, STEPS = scaled(4, soak=6), scaled(8, soak=20)

Step = Callable[["Walk"], Awaitable[None]]


class Walk:
    """A person who does this and that, by the ids the server shows."""

    def __init__(self, server: Server, random: Random) -> None:
        self.server = server
        self.ann = server.ann
        self.random = random

    async def step(self) -> None:
        """One random thing."""
        await self.random.choice(STEPS_TO_TAKE)(self)

    async def tick(self) -> None:
        """Tick a habit, or take the tick back."""
        wanted = {"goedeGewoonteId": self.random.choice(HABITS), "date": self._day()}
        if self.random.random() < 0.6:
            await self._done(self.ann.post("habit-usage", userId=self.ann.id, **wanted))
        else:
            await self._done(self.ann.delete("habit-usage", userId=self.ann.id, **wanted))

    async def pursue(self) -> None:
        """Set a goal, or change, complete or delete one."""
        goals = by_name((await self.ann.get("personal-goals")).data)
        if len(goals) < 2:
            await self._done(self.ann.post("personal-goals", name=f"Doel {self.random.random()}"))
            return
        path = f"personal-goals/{self.random.choice(goals)['id']}"
        match self.random.randrange(5):
            case 0:
                # What was never sent of a goal that is gone cannot be sent any more (11.4).
                await self.server.settle()
                await self._done(self.ann.delete(path))
            case 1:
                days = self.random.sample(("Maandag", "Dinsdag", "Zondag"), 2)
                await self._done(self.ann.patch(path, scheduleDays=days))
            case 2:
                name = f"Nieuw {self.random.random()}"
                await self._done(self.ann.patch(path, name=name))
            case _:
                body = {"personalGoalId": path.split("/")[1], "date": self._day()}
                await self._done(self.ann.post("personal-goal-usage", userId=self.ann.id, **body))

    async def believe(self) -> None:
        """Complete a belief, or write, finish, reopen or delete an own one."""
        own = by_name((await self.ann.get("persoonlijke-overtuigingen")).data)
        match self.random.randrange(4):
            case 0:
                belief = self.random.choice(BELIEFS)
                body = {"overtuigingId": belief, "date": TODAY}
                answer = await self.ann.post("overtuiging-usage", userId=self.ann.id, **body)
                assert answer.status in (200, 201, 400), answer.body
            case 1 if own:
                path = f"persoonlijke-overtuigingen/{self.random.choice(own)['id']}"
                status = self.random.choice(("Actief", "Afgerond"))
                await self._done(self.ann.patch(path, status=status))
            case 2 if own:
                path = f"persoonlijke-overtuigingen/{self.random.choice(own)['id']}"
                await self._done(self.ann.delete(path))
            case _:
                name = f"Ik groei {self.random.random()}"
                await self._done(self.ann.post("persoonlijke-overtuigingen", name=name))

    async def follow(self) -> None:
        """Make a program, or follow, change, extend or delete it."""
        programs = (await self.ann.get("programs")).data
        if not programs:
            await create_whole(self.ann)
            return
        program = programs[0]["id"]
        sessions = (await self.ann.get(f"programs/{program}")).data["schedule"]
        session = self.random.choice(sessions)["id"]
        path, method = f"programs/{program}", self.random.choice(METHODS)
        match self.random.randrange(8):
            case 0:
                await self._done(self.ann.patch(path, notes=self.random.choice("xyz")))
            case 1:
                await self._done(self.ann.patch(f"{path}/schedule/{session}", methods=[method]))
            case 2 if len(sessions) < 10:
                await self._done(self.ann.post(f"{path}/extend", weeks=1))
            case 3:
                await self._done(self.ann.delete(path))
            case 4:
                await self.record(programId=program)
            case _:
                await self.record(programmaplanningId=session)

    async def record(self, **where: Any) -> None:
        """Do a method."""
        body = {"userId": self.ann.id, "methodId": self.random.choice(METHODS), **where}
        await self._done(self.ann.post("method-usage", **body))

    def _day(self) -> str:
        return self.random.choice((TODAY, YESTERDAY))

    @staticmethod
    async def _done(asking: Awaitable[Answer]) -> None:
        answer = await asking
        assert answer.status in (200, 201), answer.body


STEPS_TO_TAKE: tuple[Step, ...] = (
    Walk.tick,
    Walk.pursue,
    Walk.believe,
    Walk.follow,
    Walk.follow,
    Walk.record,
)


def by_name(items: list[Any]) -> list[Any]:
    """An order that does not depend on ids."""
    return sorted(items, key=lambda item: str(item["name"]))


def some_set(random: Random) -> dict[str, B]:
    """Any set of flags that may stand together."""
    while True:
        modes = {flag: random.choice(MODES) for flag in FLAGS}
        if not list(broken_requirements(modes)):
            return modes


async def phase(server: Server, walk: Walk, clock: ManualClock) -> dict[str, Any]:
    """Some steps, until everything has arrived; what the person sees then."""
    for _ in range(STEPS):
        clock.advance(timedelta(seconds=11))
        await walk.step()
    await server.settle()
    await run_import(server)
    return await facts(server)


async def walked(
    stage: Stage, clock: ManualClock, cache: Cache, seed: int, sets: Sequence[Mapping[str, B]]
) -> list[dict[str, Any]]:
    """What the person sees at the end of each phase; nothing may change by a switch."""
    seen: list[dict[str, Any]] = []
    walk = Random(seed)
    for modes, following in zip(sets, [*sets[1:], HOME], strict=True):
        flags = {flag: mode.value for flag, mode in modes.items()}
        # A deployment takes longer than the minute for which whole tables are remembered.
        await cache.delete_matching("airtable:*:scan")
        async with stage.server("postgres_primary", None, **flags) as server:
            assert not seen or await facts(server) == seen[-1], flags
            seen.append(await phase(server, Walk(server, walk), clock))
            changing = {flag: to for flag, to in following.items() if to is not modes[flag]}
            assert await objections(server, changing) == [], (flags, changing)
            if modes is HOME:
                assert await differences(server) == {}
    return seen


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(scaled(1, soak=20)))
async def test_whatever_the_preflight_allows_loses_nothing_and_shows_the_same(
    make_stage: MakeStage, clock: ManualClock, cache: Cache, seed: int
) -> None:
    random = Random(seed)
    sets = [*(some_set(random) for _ in range(PHASES)), HOME]
    found = await walked(await make_stage(), clock, cache, seed, sets)
    expected = await walked(await make_stage(), clock, cache, seed, [HOME] * len(sets))
    for ours, theirs in zip(expected, found, strict=True):
        assert theirs == ours
