"""Records that live in Airtable and belong to rows that live in Postgres, not sent yet."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api._lib.airtable.mapping import TABLES
from tests.endpoints.programs.steps import create_whole, detail
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as library

GOALS, GOAL_USAGES = "Persoonlijke doelen", "Persoonlijk Doelgebruik"
PROGRAMS, SESSIONS = TABLES["programs"].title, TABLES["programmaplanning"].title
USAGES = "Methodegebruik"
TODAY = "2026-03-04"


@asynccontextmanager
async def mixed(stage: Stage) -> AsyncIterator[Server]:
    """Programs and goals live in Postgres, what is done of them in Airtable."""
    flags = dict.fromkeys(("METHOD_USAGE", "PERSONAL_GOAL_USAGE", "REWARDS"), "airtable_only")
    async with stage.server("postgres_primary", None, **flags) as server:
        yield server


async def test_a_program_that_is_not_in_airtable_yet_is_sent_before_its_usage(
    stage: Stage,
) -> None:
    async with mixed(stage) as server:
        program = await create_whole(server.ann)
        assert stage.airtable.control.count(PROGRAMS) == 0
        asked = {"methodId": library.BREATHE, "programId": program["id"]}
        done = await server.ann.post("method-usage", userId=server.ann.id, **asked)
        assert done.status == 201, done.body
        [record] = stage.airtable.control.records(PROGRAMS)
        [usage] = stage.airtable.control.records(USAGES)
        assert record["id"] in str(usage["fields"])
        completed = "SELECT program_id::text FROM method_completions"
        assert await stage.db.fetchval(completed) == program["id"]


async def test_a_session_is_sent_together_with_its_program(stage: Stage) -> None:
    async with mixed(stage) as server:
        program = await create_whole(server.ann)
        [session, *_] = (await detail(server.ann, program["id"]))["schedule"]
        asked = {"methodId": library.BREATHE, "programmaplanningId": session["id"]}
        done = await server.ann.post("method-usage", userId=server.ann.id, **asked)
        assert done.status == 201, done.body
        assert stage.airtable.control.count(PROGRAMS) == 1
        [record] = stage.airtable.control.records(SESSIONS)
        [usage] = stage.airtable.control.records(USAGES)
        assert record["id"] in str(usage["fields"])
        await server.settle()
        seen = await detail(server.ann, program["id"])
        assert seen["completedMethods"] == 1


async def test_a_goal_is_sent_before_its_completion(stage: Stage) -> None:
    async with mixed(stage) as server:
        goal = (await server.ann.post("personal-goals", name="Lopen")).data["id"]
        body = {"personalGoalId": goal, "date": TODAY}
        done = await server.ann.post("personal-goal-usage", userId=server.ann.id, **body)
        assert done.status == 201, done.body
        [record] = stage.airtable.control.records(GOALS)
        [usage] = stage.airtable.control.records(GOAL_USAGES)
        assert record["id"] in str(usage["fields"])


async def test_what_cannot_be_sent_in_three_seconds_is_a_503_and_makes_nothing(
    stage: Stage,
) -> None:
    async with mixed(stage) as server:
        goal = (await server.ann.post("personal-goals", name="Lopen")).data["id"]
        body = {"personalGoalId": goal, "date": TODAY}
        table = server.ctx.airtable.table_id(TABLES["personalGoals"])
        stage.airtable.control.fault(latency=6.0, table=table, count=1)
        late = await server.ann.post("personal-goal-usage", userId=server.ann.id, **body)
        assert late.status == 503, late.body
        assert late.error
        assert stage.airtable.control.count(GOAL_USAGES) == 0
        assert await stage.db.fetchval("SELECT count(*) FROM personal_goal_completions") == 0
        waiting = "SELECT count(*) FROM outbox_events WHERE entity_type = 'personal_goal'"
        assert await stage.db.fetchval(waiting) == 1


async def test_what_is_never_sent_is_no_link(stage: Stage) -> None:
    """A program of Postgres alone: its usage stands in Airtable by itself, and counts here."""
    flags = dict.fromkeys(("METHOD_USAGE", "REWARDS"), "airtable_only")
    async with stage.server("postgres_only", None, **flags) as server:
        program = await create_whole(server.ann)
        asked = {"methodId": library.BREATHE, "programId": program["id"]}
        done = await server.ann.post("method-usage", userId=server.ann.id, **asked)
        assert done.status == 201, done.body
        assert stage.airtable.control.count(PROGRAMS) == 0
        assert stage.airtable.control.count(USAGES) == 1


async def test_what_was_just_sent_is_seen_although_tables_are_remembered(stage: Stage) -> None:
    async with mixed(stage) as server:
        program = await create_whole(server.ann)
        done: set[str] = set()
        for session in (await detail(server.ann, program["id"]))["schedule"][:2]:
            done.add(await record(server, library.BREATHE, programmaplanningId=session["id"]))
            asked = {"programId": program["id"]}
            listed = await server.ann.get("method-usage/by-program", **asked)
            assert {usage["id"] for usage in listed.data} == done


async def record(server: Server, method: str, **where: str) -> str:
    """Do a method."""
    body = {"userId": server.ann.id, "methodId": method, **where}
    done = await server.ann.post("method-usage", **body)
    assert done.status == 201, done.body
    return str(done.data["id"])
