"""A switch there and back loses no write: what was done in every phase stands in both stores."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from api._lib.airtable import tables
from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.clock import ManualClock
from api._lib.settings import Backend as B
from api._lib.sync.inbound_jobs import import_tracking
from api._lib.sync.preflight import Wanted, preflight
from api._lib.sync.reconcile.run import Reconciliation, Wish
from tests.endpoints.programs.steps import create_whole, detail
from tests.flags.conftest import MakeStage
from tests.flags.stage import FLAGS, Server
from tests.programs import catalogue as library

TODAY, YESTERDAY = "2026-03-04", "2026-03-03"
LATER = timedelta(minutes=1)
"""So that doing the same again is no repeated request."""

MOVING = [flag for flag in FLAGS if flag not in ("METHODS", "OVERTUIGINGEN")]
THERE = dict.fromkeys(MOVING, B.AIRTABLE_ONLY)
PG = "postgres_primary"
BACK = dict.fromkeys(MOVING, B.POSTGRES_PRIMARY)
DONE = (
    E.METHOD_USAGE,
    E.GOEDE_GEWOONTE_USAGE,
    E.PERSONAL_GOAL,
    E.PERSONAL_GOAL_USAGE,
    E.OVERTUIGING_USAGE,
    E.PERSOONLIJKE_OVERTUIGING,
)


class Person:
    """What somebody does in one phase after the other, with the ids of that phase."""

    def __init__(self, server: Server) -> None:
        self.ann = server.ann

    async def does(self, phase: str, habit: str, method: str, belief: str) -> None:
        """One of everything."""
        ann, goals = self.ann, await self.goals()
        await self.post("habit-usage", goedeGewoonteId=habit, date=TODAY)
        await self.post("method-usage", methodId=method, remark=phase)
        await self.post("overtuiging-usage", overtuigingId=belief, date=TODAY)
        await self.post("persoonlijke-overtuigingen", name=f"Geloof {phase}")
        await self.plans(phase)
        goal = await self.post("personal-goals", name=f"Doel {phase}", scheduleDays=["Maandag"])
        await self.post("personal-goal-usage", personalGoalId=goal, date=TODAY)
        for name, old in goals.items():
            await ann.patch(f"personal-goals/{old}", name=f"{name} en {phase}")
            await self.post("personal-goal-usage", personalGoalId=old, date=YESTERDAY)

    async def plans(self, notes: str) -> None:
        """A program is made, or goes on: changed, edited, followed and extended."""
        if not await self.programs():
            await create_whole(self.ann)
        [program] = await self.programs()
        path = f"programs/{program}"
        await self.ask("PATCH", path, notes=notes)
        sessions = [one["id"] for one in (await detail(self.ann, program))["schedule"]]
        edited = {"methods": [library.WALK, library.SCAN], "notes": notes}
        await self.ask("PATCH", f"{path}/schedule/{sessions[-1]}", **edited)
        await self.post("method-usage", methodId=library.SCAN, programmaplanningId=sessions[0])
        await self.ask("POST", f"{path}/extend", weeks=1)

    async def programs(self) -> list[str]:
        return [program["id"] for program in (await self.ann.get("programs")).data]

    async def ask(self, method: str, path: str, **body: Any) -> None:
        answer = await self.ann.ask(method, path, json=body)
        assert answer.status == 200, (path, answer.body)

    async def undoes(self, habit: str, goal: str) -> None:
        """What was done in the phase before is taken back."""
        day = {"userId": self.ann.id, "date": TODAY}
        gone = await self.ann.delete("habit-usage", goedeGewoonteId=habit, **day)
        assert gone.status == 200, gone.body
        goals = await self.goals()
        gone = await self.ann.delete(f"personal-goals/{goals[goal]}")
        assert gone.status == 200, gone.body

    async def goals(self) -> dict[str, str]:
        listed = await self.ann.get("personal-goals")
        return {goal["name"]: goal["id"] for goal in listed.data}

    async def post(self, path: str, **body: Any) -> str:
        answer = await self.ann.post(path, userId=self.ann.id, **body)
        assert answer.status in (200, 201), (path, answer.body)
        return str(answer.data["id"])


async def run_import(server: Server) -> None:
    """The worker's job, once."""
    runtime: Any = SimpleNamespace(ctx=server.ctx, imports=asyncio.Semaphore(3))
    await import_tracking(runtime)


async def objections(server: Server, modes: dict[str, B]) -> list[str]:
    found = await preflight(server.ctx, Wanted(modes))
    return [f"{f.flag} {f.text}" for f in found if not f.is_ok]


async def differences(server: Server) -> dict[str, list[str]]:
    report = await Reconciliation(server.ctx, Wish([*map(str, ENTITIES)])).go()
    assert report.exit_code != 2
    return {
        c.entity: [f"{d.kind} {d.fields}" for d in c.real] for c in report.comparisons if c.real
    }


async def test_no_write_of_any_phase_is_lost(make_stage: MakeStage, clock: ManualClock) -> None:
    stage = await make_stage()
    async with stage.server("postgres_primary") as server:
        await Person(server).does("een", library.WATER, library.BREATHE, library.REST)
        assert any("not in Airtable yet" in text for text in await objections(server, THERE))
        await server.settle()
        assert await objections(server, THERE) == []
        first = await facts(server)
    async with stage.server("airtable_only", METHODS=PG, OVERTUIGINGEN=PG) as server:
        assert await facts(server) == first
        clock.advance(LATER)
        await Person(server).does("twee", library.READ, library.SCAN, library.CAN)
        await Person(server).undoes(library.WATER, "Doel een en twee")
        await server.settle()
        await run_import(server)
        assert await objections(server, BACK) == []
        second = await facts(server)
    async with stage.server("postgres_primary") as server:
        assert await facts(server) == second
        clock.advance(LATER)
        await Person(server).does("drie", library.STRETCH, library.WALK, library.ENOUGH)
        await Person(server).undoes(library.READ, "Doel twee en drie")
        await server.settle()
        assert await differences(server) == {}
        third = await facts(server)
    assert third["goals"] == ["Doel drie"]
    assert third["beliefs"] == ["Geloof drie", "Geloof een", "Geloof twee"]
    assert third["habits"] == [library.STRETCH]
    assert third["points"] > second["points"] > first["points"]
    counts = {kind: stage.airtable.control.count(ENTITIES[kind].table.title) for kind in DONE}
    assert counts[E.METHOD_USAGE] == 6
    [program] = third["programs"]
    assert program["notes"] == "drie"
    assert len(program["sessions"]) == len(first["programs"][0]["sessions"]) + 4


async def test_a_value_of_before_is_sent_again_after_the_return(make_stage: MakeStage) -> None:
    """What was last sent from here is not what Airtable has, once others have written there."""
    stage = await make_stage()
    async with stage.server("postgres_primary") as server:
        goal = await Person(server).post("personal-goals", name="Lopen")
        await server.settle()
    async with stage.server("airtable_only") as server:
        await server.ann.patch(f"personal-goals/{goal}", name="Rennen")
    async with stage.server("postgres_primary") as server:
        await server.ann.patch(f"personal-goals/{goal}", name="Lopen")
        await server.settle()
        assert await differences(server) == {}
    [record] = stage.airtable.control.records("Persoonlijke doelen")
    assert record["fields"]["Naam"] == "Lopen"


async def test_a_late_change_of_before_does_not_undo_one_of_after(make_stage: MakeStage) -> None:
    """Two deployments overlap: the old one's change still waits when the new one wants to write."""
    stage = await make_stage()
    async with stage.server("postgres_primary") as old:
        goal = await Person(old).post("personal-goals", name="Lopen")
        await old.settle()
        await old.ann.patch(f"personal-goals/{goal}", description="Elke dag")
        async with stage.server("airtable_only") as new:
            change = new.ann.patch(f"personal-goals/{goal}", name="Rennen")
            changed, _ = await asyncio.gather(change, old.settle())
            assert changed.status == 200, changed.body
        assert await differences(old) == {}
    [record] = stage.airtable.control.records("Persoonlijke doelen")
    assert (record["fields"]["Naam"], record["fields"]["Beschrijving"]) == ("Rennen", "Elke dag")


async def test_while_nobody_sends_it_the_new_change_is_refused(
    make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PASSING_SECONDS", 0.3)
    stage = await make_stage()
    async with stage.server("postgres_primary") as server:
        goal = await Person(server).post("personal-goals", name="Lopen")
        await server.settle()
        await server.ann.patch(f"personal-goals/{goal}", description="Elke dag")
    async with stage.server("airtable_only") as server:
        refused = await server.ann.patch(f"personal-goals/{goal}", name="Rennen")
        assert refused.status == 503, refused.body
        await server.settle()
        changed = await server.ann.patch(f"personal-goals/{goal}", name="Rennen")
        assert changed.status == 200, changed.body
    [record] = stage.airtable.control.records("Persoonlijke doelen")
    assert (record["fields"]["Naam"], record["fields"]["Beschrijving"]) == ("Rennen", "Elke dag")


async def test_a_completion_of_a_goal_deleted_unsent_is_no_difference(
    make_stage: MakeStage,
) -> None:
    stage = await make_stage()
    async with stage.server("postgres_primary") as server:
        person = Person(server)
        goal = await person.post("personal-goals", name="Lopen")
        await person.post("personal-goal-usage", personalGoalId=goal, date=TODAY)
        await server.ann.delete(f"personal-goals/{goal}")
        await server.settle()
        assert await differences(server) == {}


async def facts(server: Server) -> dict[str, Any]:
    """What the person sees, without ids."""
    ann = server.ann
    goals = await ann.get("personal-goals")
    beliefs = await ann.get("persoonlijke-overtuigingen")
    habits = await ann.get("habit-usage", date=TODAY)
    completed = await ann.get("overtuiging-usage")
    rewards = await ann.get("rewards")
    programs = [await detail(ann, one["id"]) for one in (await ann.get("programs")).data]
    return {
        "programs": [shown(program) for program in programs],
        "goals": sorted(goal["name"] for goal in goals.data),
        "beliefs": sorted(belief["name"] for belief in beliefs.data),
        "habits": sorted(habits.data),
        "completed": sorted(completed.data),
        "points": rewards.data["totalPoints"],
    }


def shown(program: dict[str, Any]) -> dict[str, Any]:
    """A program without ids."""
    sessions = [
        (one["date"], one.get("notes"), one["methodIds"], one["isCompleted"])
        for one in program["schedule"]
    ]
    names = ("notes", "startDate", "endDate", "methods", "completedMethods", "totalMethods")
    return {name: program.get(name) for name in names} | {"sessions": sessions}
