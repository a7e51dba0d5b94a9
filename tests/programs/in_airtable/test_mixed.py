"""Programs in one store, and what belongs to them in the other (11.14)."""

import asyncio
from typing import Any

import pytest

from api._lib.airtable.personal import PERSONAL_BELIEFS
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import confirm, create_whole, detail, review
from tests.flags.stage import Stage
from tests.programs import catalogue as c

PROGRAMS, BELIEFS = "Mentale Fitnessprogramma's", "Persoonlijke Overtuigingen"
USAGES, SESSIONS = "Methodegebruik", "Programmaplanning"
ALLOWED = {"DATA_BACKEND_ALLOW_MIXED": "true"}
NAME = PERSONAL_BELIEFS.field("name").title
BELIEFS_ID = "tbl6RJteNCCcelyfR"
BELIEFS_THERE: dict[str, Any] = {"OVERTUIGING_USAGE": "airtable_only", "REWARDS": "airtable_only"}
OWN = ["Ik leer", "Ik groei"]


def cells(stage: Stage, table: str) -> list[dict[str, Any]]:
    """The records of a table by field name."""
    return [record["fields"] for record in stage.airtable.control.records(table)]


async def beliefs(ann: Asking) -> list[tuple[str, str | None]]:
    """Own beliefs with their programs, in their order."""
    found = (await ann.get("persoonlijke-overtuigingen")).data
    return [(belief["name"], belief.get("programId")) for belief in found]


async def test_own_beliefs_go_to_airtable_while_their_program_goes_to_postgres(
    stage: Stage,
) -> None:
    async with stage.server(**BELIEFS_THERE) as server:
        stored = await confirm(server.ann, customOvertuigingen=OWN)
        assert sorted(fields[NAME] for fields in cells(stage, BELIEFS)) == OWN[::-1]
        rows = await server.ctx.db.fetch("SELECT name, program_id::text FROM personal_beliefs")
        program = stored["program"]["id"]
        assert {(row["name"], row["program_id"]) for row in rows} == {(n, program) for n in OWN}
        await server.settle()
        [record] = stage.airtable.control.records(PROGRAMS)
        assert record["fields"]["Gebruiker"] == [server.ann.id]
        assert record["fields"]["App ID"] == program
        assert await beliefs(server.ann) == [(name, record["id"]) for name in OWN]


async def test_without_airtable_neither_program_nor_beliefs_are_stored(stage: Stage) -> None:
    async with stage.server(**BELIEFS_THERE) as server:
        stage.airtable.control.fault(status=503, method="PATCH", table=BELIEFS_ID, count=0)
        answer = await server.ann.post("programs/confirm", **review(customOvertuigingen=OWN))
        assert answer.status == 503
        assert (await server.ann.get("programs")).data == []
        stage.airtable.control.clear_faults()
        assert cells(stage, PROGRAMS) == []
        await confirm(server.ann, customOvertuigingen=OWN)
        assert [name for name, _ in await beliefs(server.ann)] == OWN


async def test_a_refused_program_takes_its_own_beliefs_back(stage: Stage) -> None:
    async with stage.server(**BELIEFS_THERE) as server:
        await create_whole(server.ann)
        answer = await server.ann.post("programs/confirm", **review(customOvertuigingen=OWN))
        assert answer.status == 409
        assert cells(stage, BELIEFS) == []


@pytest.mark.parametrize("modes", [BELIEFS_THERE, {"mode": "airtable_only"}])
async def test_confirming_several_times_at_once_keeps_the_own_beliefs_of_one(
    stage: Stage, modes: dict[str, Any]
) -> None:
    async with stage.server(**modes) as server:
        ask = server.ann.post
        asked = [ask("programs/confirm", **review(customOvertuigingen=OWN)) for _ in range(4)]
        answers = await asyncio.gather(*asked)
        assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
        assert [name for name, _ in await beliefs(server.ann)] == OWN


async def test_own_beliefs_go_to_postgres_while_their_program_goes_to_airtable(
    stage: Stage,
) -> None:
    async with stage.server("airtable_only", OVERTUIGING_USAGE="postgres_primary") as server:
        stored = await confirm(server.ann, customOvertuigingen=OWN)
        program = stored["program"]["id"]
        ours = await server.ctx.db.fetchval("SELECT id::text FROM programs")
        assert await beliefs(server.ann) == [(name, ours) for name in OWN]
        await server.settle()
        found = cells(stage, BELIEFS)
        assert [program in str(fields.values()) for fields in found] == [True, True]


async def test_completions_in_airtable_keep_their_program_in_postgres_when_sessions_go(
    stage: Stage,
) -> None:
    async with stage.server(
        METHOD_USAGE="airtable_only", REWARDS="airtable_only", extra=ALLOWED
    ) as server:
        ann = server.ann
        program = (await create_whole(ann))["id"]
        session = (await detail(ann, program))["schedule"][0]["id"]
        done = await ann.post(
            "method-usage", userId=ann.id, methodId=c.BREATHE, programmaplanningId=session
        )
        assert done.status == 201, done.body
        assert (await detail(ann, program))["schedule"][0]["completedMethodIds"] == [c.BREATHE]
        path = f"programs/{program}/regenerate-schedule"
        assert (await ann.post(path, daysOfWeek=[c.FRIDAY])).status == 409
        assert (await ann.post(path, daysOfWeek=[c.FRIDAY], force=True)).status == 200
        await server.settle()
        [record] = stage.airtable.control.records(PROGRAMS)
        [usage] = cells(stage, USAGES)
        assert usage["Mentale Fitnessprogramma's"] == [record["id"]]
        assert "Programmaplanning" not in usage
        assert (await detail(ann, program))["preservedCompletions"] == 1
        listed = await ann.get("method-usage/by-program", programId=program)
        assert [one["methodId"] for one in listed.data] == [c.BREATHE]


@pytest.mark.parametrize("mode", ["postgres_primary", "postgres_only"])
async def test_completions_in_postgres_count_for_a_program_in_airtable(
    stage: Stage, mode: str
) -> None:
    flags: dict[str, Any] = {"METHOD_USAGE": mode, "REWARDS": "postgres_primary"}
    async with stage.server("airtable_only", ALLOWED, **flags) as server:
        ann = server.ann
        program = (await create_whole(ann))["id"]
        session = (await detail(ann, program))["schedule"][0]["id"]
        for method in (c.BREATHE, c.SCAN):
            done = await ann.post(
                "method-usage", userId=ann.id, methodId=method, programmaplanningId=session
            )
            assert done.status == 201, done.body
        first = (await detail(ann, program))["schedule"][0]
        assert first["completedMethodIds"] == first["methodIds"]
        assert len(first["methodUsageIds"]) == 2
        path = f"programs/{program}/regenerate-schedule"
        assert (await ann.post(path, daysOfWeek=[c.FRIDAY], force=True)).status == 200
        assert (await detail(ann, program))["preservedCompletions"] == 2
        await server.settle()
        linked = [fields.get("Mentale Fitnessprogramma's") for fields in cells(stage, USAGES)]
        assert linked == [[program]] * (2 if mode == "postgres_primary" else 0)


async def test_milestones_reach_a_program_in_airtable_from_rewards_in_postgres(
    stage: Stage,
) -> None:
    flags: dict[str, Any] = {"METHOD_USAGE": "postgres_primary", "REWARDS": "postgres_primary"}
    async with stage.server("airtable_only", ALLOWED, **flags) as server:
        ann = server.ann
        program = (await create_whole(ann))["id"]
        for session in (await detail(ann, program))["schedule"]:
            for method in session["methodIds"]:
                where = {"userId": ann.id, "programmaplanningId": session["id"]}
                await ann.post("method-usage", methodId=method, **where)
        assert (await detail(ann, program))["milestonesAwarded"] == ["25", "50", "75", "100"]
        await server.settle()
        [fields] = cells(stage, PROGRAMS)
        assert fields["Behaalde Mijlpalen"] == '["25","50","75","100"]'
