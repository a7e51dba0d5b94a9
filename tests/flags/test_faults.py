"""Faults that the flags once had, each by its number in the list of the synchronisation (F1-F9).

F1 and F6 stand in test_shadow, F5 and F9 in test_start; F8 of the worker is in test_mirroring.
"""

import asyncio
from datetime import date
from typing import Any

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.programs import METHOD_USAGES
from tests.endpoints.asking import Answer, Asking
from tests.endpoints.programs.steps import create_whole, detail, review
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as library

GOALS, TICKS, PROGRAMS = (
    ENTITIES[kind].table.title for kind in (E.PERSONAL_GOAL, E.GOEDE_GEWOONTE_USAGE, E.PROGRAM)
)
TODAY = "2026-03-04"
EVERY_MODE = pytest.mark.parametrize(
    "mode", ["airtable_only", "postgres_shadow_read", "postgres_primary", "postgres_only"]
)
IN_POSTGRES = pytest.mark.parametrize("mode", ["postgres_shadow_read", "postgres_primary"])


def asked(stage: Stage) -> list[str]:
    """What was asked of Airtable since the last look, but for its schema."""
    requests = stage.airtable.control.requests()
    found = [f"{one['method']} {one['path']}" for one in requests if "meta" not in one["path"]]
    stage.airtable.control.clear_requests()
    return found


async def do_everything(ann: Asking) -> None:
    await create_whole(ann)
    goal = (await ann.post("personal-goals", name="Lopen")).data["id"]
    await ann.post("personal-goal-usage", userId=ann.id, personalGoalId=goal, date=TODAY)
    await ann.post("habit-usage", userId=ann.id, goedeGewoonteId=library.WATER, date=TODAY)
    await ann.post("method-usage", userId=ann.id, methodId=library.BREATHE)


async def test_a_goal_that_stays_as_it_was_is_not_written(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        goal = (await server.ann.post("personal-goals", name="Lopen")).data["id"]
        await server.ann.patch(f"personal-goals/{goal}", status="Voltooid")
        asked(stage)
        answer = await server.ann.patch(f"personal-goals/{goal}", name="Lopen", status="Voltooid")
        assert answer.data["status"] == "Voltooid"
        assert [one for one in asked(stage) if one.startswith("PATCH")] == []


@IN_POSTGRES
async def test_F2_what_was_made_here_is_never_imported_again(stage: Stage, mode: str) -> None:
    """Sync F2: our own records come back in every reading, and make no second row."""
    async with stage.server(mode) as server:
        await do_everything(server.ann)
        await server.settle()
        before = await count_rows(stage)
        for _ in range(2):
            await stage.fill()
        assert await count_rows(stage) == before
        goals = await server.ann.get("personal-goals")
        assert [goal["name"] for goal in goals.data] == ["Lopen"]
        await server.settle()
        assert stage.airtable.control.count(GOALS) == 1


async def count_rows(stage: Stage) -> dict[str, int]:
    relations = [entity.relation for entity in ENTITIES.values()]
    return {name: await stage.db.fetchval(f"SELECT count(*) FROM {name}") for name in relations}


@EVERY_MODE
async def test_F3_both_forms_of_an_id_mean_the_same_in_every_mode(stage: Stage, mode: str) -> None:
    """Sync F3: list, detail, change and delete take the id of either store."""
    async with stage.server("postgres_primary") as server:
        program = await create_whole(server.ann)
        goal = (await server.ann.post("personal-goals", name="Lopen")).data["id"]
        await server.settle()
        [record] = stage.airtable.control.records(PROGRAMS)
        [goal_record] = stage.airtable.control.records(GOALS)
    async with stage.server(mode) as server:
        ann, details = server.ann, []
        for program_id in (program["id"], record["id"]):
            details.append(await detail(ann, program_id))
            changed = await ann.patch(f"programs/{program_id}", notes=f"via {program_id[:3]}")
            assert changed.status == 200, changed.body
            usages = await ann.get("method-usage/by-program", programId=program_id)
            assert usages.status == 200, usages.body
        [listed] = (await ann.get("programs")).data
        assert details[0]["id"] == details[1]["id"] == listed["id"]
        for goal_id in (goal, goal_record["id"]):
            changed = await ann.patch(f"personal-goals/{goal_id}", name=f"via {goal_id[:3]}")
            assert changed.status == 200, changed.body
        gone = await ann.delete(f"programs/{record['id']}")
        assert gone.status == 200, gone.body
        assert (await ann.get("programs")).data == []


async def test_F4_every_write_of_an_entity_in_airtable_goes_there(stage: Stage) -> None:
    """Sync F4: not one endpoint writes elsewhere than its flag says."""
    async with stage.server("airtable_only") as server:
        await all_writes(stage, server, in_airtable=True)


async def test_F4_no_write_of_an_entity_in_postgres_asks_airtable(stage: Stage) -> None:
    """Sync F4: the outbox has all of it, requests ask nobody."""
    async with stage.server("postgres_primary") as server:
        await all_writes(stage, server, in_airtable=False)


async def all_writes(stage: Stage, server: Server, *, in_airtable: bool) -> None:
    """The writes that once ignored the flags; each goes to one store alone."""
    ann = server.ann

    async def went(answer: Answer) -> Any:
        assert answer.status in (200, 201), answer.body
        requests = asked(stage)
        if in_airtable:
            requests = [one for one in requests if one.startswith(("PATCH", "DELETE"))]
        assert bool(requests) == in_airtable, answer.body
        waiting = "DELETE FROM outbox_events WHERE entity_type <> 'user' RETURNING 1"
        assert bool(await stage.db.fetch(waiting)) != in_airtable, answer.body
        return answer.data

    asked(stage)
    made = await went(await ann.post("personal-goals", name="Lopen"))
    await went(await ann.patch(f"personal-goals/{made['id']}", name="Rennen"))
    await went(await ann.delete(f"personal-goals/{made['id']}"))
    own = await went(await ann.post("persoonlijke-overtuigingen", name="Ik groei"))
    await went(await ann.patch(f"persoonlijke-overtuigingen/{own['id']}", name="Ik groei door"))
    await went(await ann.delete(f"persoonlijke-overtuigingen/{own['id']}"))
    done = await went(await ann.post("method-usage", userId=ann.id, methodId=library.SCAN))
    await went(await ann.patch(f"method-usage/{done['id']}", remark="Rustig"))
    program = (await went(await ann.post("programs/confirm", **review())))["program"]["id"]
    path, days = f"programs/{program}", [library.SUNDAY]
    again = await ann.post(f"{path}/regenerate-schedule", daysOfWeek=days, force=True)
    await went(again)
    await went(await ann.post(f"{path}/extend", weeks=1))
    await went(await ann.delete(path))
    wish: dict[str, Any] = {"goals": [library.STRESS], "duration": "2 weken", "daysOfWeek": days}
    await went(await ann.post("programs/generate", startDate="2026-03-09", **wish))


async def test_F7_what_is_asked_of_airtable_is_filtered_or_kept(stage: Stage) -> None:
    """Sync F7: a day is a formula, a whole table is read once a minute for everybody."""
    async with stage.server("airtable_only") as server:
        for number in range(150):
            fields = {"Gebruikers": [server.bob.id], "Goede gewoontes": [library.WATER]}
            day = date.fromordinal(date(2025, 1, 1).toordinal() + number)
            stage.airtable.control.create(TICKS, fields | {"Datum": day.isoformat()})
        asked(stage)
        await server.ann.get("habit-usage", date=TODAY)
        assert len(asked(stage)) == 1, "a second page was needed"
        for person in (server.ann, server.bob):
            await person.get("personal-goal-usage", date=TODAY)
        first = asked(stage)
        for person in (server.ann, server.bob):
            await person.get("personal-goal-usage", date=TODAY)
        assert len(first) == len(set(first))
        assert asked(stage) == []


@EVERY_MODE
async def test_F8_completions_of_a_program_are_for_its_owner_newest_first(
    stage: Stage, mode: str
) -> None:
    """Sync F8: ownership, a strict form of ids, and an order that means something."""
    async with stage.server(mode) as server:
        ann = server.ann
        program = (await create_whole(ann))["id"]
        made = []
        for method in (library.BREATHE, library.SCAN, library.WALK):
            body = {"methodId": method, "programId": program}
            done = await ann.post("method-usage", userId=ann.id, **body)
            made.append(done.data["id"])
        answer = await ann.get("method-usage/by-program", programId=program, limit=2)
        assert {usage["id"] for usage in answer.data} <= set(made)
        assert len(answer.data) == 2
        foreign = await server.bob.get("method-usage/by-program", programId=program)
        assert foreign.status == 404
        await server.settle()
        asked(stage)
        for text in ("' OR TRUE() OR '", "rec", "1"):
            refused = await ann.get("method-usage/by-program", programId=text)
            assert refused.status in (400, 404), refused.body
        assert asked(stage) == []


async def test_R10_what_could_not_be_answered_is_told_the_next_time(stage: Stage) -> None:
    """Rewards R10: news that a broken look into Airtable kept from a person is not used up."""
    async with stage.server("airtable_only") as server:
        ann = server.ann
        await ann.post("method-usage", userId=ann.id, methodId=library.BREATHE)
        await server.settle()
        award = {"activityType": "method", "activityId": library.BREATHE}
        stage.airtable.control.fault(status=422, method="GET", contains=ann.id)
        failed = await ann.post("rewards/award", **award)
        assert failed.status >= 500, failed.body
        told = await ann.post("rewards/award", **award)
        assert told.data["pointsAwarded"] > 0
        assert told.data["newBadges"] == ["eerste_sessie"]


async def test_R17_the_points_of_a_method_outlive_its_record(stage: Stage) -> None:
    """Rewards R17: Airtable takes the link to a deleted method out of what was done with it."""
    async with stage.server("airtable_only") as server:
        ann = server.ann
        program = await create_whole(ann, start=TODAY)
        [session] = [
            one for one in (await detail(ann, program["id"]))["schedule"] if one["date"] == TODAY
        ]
        done = {"methodId": session["methodIds"][0], "programmaplanningId": session["id"]}
        await ann.post("method-usage", userId=ann.id, **done)
        await server.settle()
        before = (await ann.get("rewards")).data
        assert before["mentalFitnessScore"] > 0
        assert before["currentStreak"] == 1
        stage.airtable.control.delete("Methodes", done["methodId"])
        await server.ctx.tables.forget(METHOD_USAGES)
        assert (await ann.get("rewards")).data == before


async def test_a_method_of_a_session_that_is_just_going_is_404(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        ann = server.ann
        program = await create_whole(ann)
        session = (await detail(ann, program["id"]))["schedule"][0]["id"]
        stage.airtable.control.fault(method="DELETE", latency=0.5)
        asked(stage)
        path = f"programs/{program['id']}/regenerate-schedule"
        going = asyncio.create_task(ann.post(path, daysOfWeek=[library.FRIDAY], force=True))
        async with asyncio.timeout(20):
            while not [one for one in asked(stage) if one.startswith("DELETE")]:
                await asyncio.sleep(0.01)
        done = {"methodId": library.BREATHE, "programmaplanningId": session}
        assert (await ann.post("method-usage", userId=ann.id, **done)).status == 404
        assert (await going).status == 200


async def test_F7_what_was_earned_is_written_with_one_request(stage: Stage) -> None:
    """Sync F7: nothing is read that the write does not need."""
    async with stage.server("airtable_only") as server:
        ann = server.ann
        people = server.ctx.airtable.table_id(ENTITIES[E.USER].table)
        asked(stage)
        await ann.post("habit-usage", userId=ann.id, goedeGewoonteId=library.WATER, date=TODAY)
        await server.settle()
        assert [line.split()[0] for line in asked(stage) if people in line] == ["PATCH"]
        cells = stage.airtable.control.record("Gebruikers", ann.id)["fields"]
        assert cells["Badges"] == '["goede_start"]'
