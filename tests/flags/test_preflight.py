"""What must hold before a flag is switched, so that no write is lost."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.context import Context
from api._lib.settings import Backend as B
from api._lib.sync.inbound.activity import ACTIVITIES, follow_listing
from api._lib.sync.preflight import Finding, Wanted, preflight
from tests.endpoints.programs.steps import create_whole
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as library

GOALS, SESSIONS = "Persoonlijke doelen", "Programmaplanning"
PROGRAMS = ENTITIES[E.PROGRAM].table.title
TODAY = "2026-03-04"


async def missing(
    server: Server, *, despite_dead_letters: bool = False, **modes: B
) -> list[Finding]:
    """What speaks against a switch."""
    found = await preflight(server.ctx, Wanted(modes, despite_dead_letters))
    assert found
    return [finding for finding in found if not finding.is_ok]


def texts(findings: Sequence[Finding]) -> str:
    return "\n".join(f"{finding.text} -> {finding.remedy}" for finding in findings)


@asynccontextmanager
async def goals_in(stage: Stage, mode: B, **flags: str) -> AsyncIterator[Server]:
    """A server whose personal goals live where a test wants them; rewards may follow."""
    own = {"REWARDS": "airtable_only", "PERSONAL_GOAL_USAGE": "airtable_only"} | flags
    own["PERSONAL_GOALS"] = mode.value
    async with stage.server("postgres_primary", None, **own) as server:
        yield server


async def add_goal(server: Server, name: str = "Lopen") -> str:
    answer = await server.ann.post("personal-goals", name=name)
    assert answer.status == 201, answer.body
    return str(answer.data["id"])


async def execute(ctx: Context, sql: str, *arguments: Any) -> None:
    await ctx.db.execute(sql, *arguments)


async def test_a_change_on_its_way_keeps_a_flag_from_airtable(stage: Stage) -> None:
    async with goals_in(stage, B.POSTGRES_PRIMARY) as server:
        await add_goal(server)
        found = await missing(server, PERSONAL_GOALS=B.AIRTABLE_ONLY)
        assert "1 changes of personal_goal are not in Airtable yet" in texts(found)
        await server.settle()
        assert await missing(server, PERSONAL_GOALS=B.AIRTABLE_ONLY) == []


async def test_a_waiting_parent_counts_too(stage: Stage) -> None:
    flags = {"PERSONAL_GOAL_USAGE": "postgres_primary"}
    async with goals_in(stage, B.POSTGRES_PRIMARY, **flags) as server:
        await add_goal(server)
        found = await missing(server, PERSONAL_GOAL_USAGE=B.AIRTABLE_ONLY)
        assert "personal_goal are not in Airtable" in texts(found)


async def test_a_dead_letter_keeps_a_flag_from_airtable_until_somebody_accepts_it(
    stage: Stage,
) -> None:
    async with goals_in(stage, B.POSTGRES_PRIMARY) as server:
        await execute(
            server.ctx,
            """INSERT INTO outbox_dead_letters
                   (entity_type, entity_id, operation, error_class, error_message, attempts)
               VALUES ('personal_goal', gen_random_uuid()::text, 'upsert', 'permanent', 'no', 2)""",
        )
        [found] = await missing(server, PERSONAL_GOALS=B.AIRTABLE_ONLY)
        assert "1 changes of personal_goal were given up" in found.text
        assert "dead_letters.py list --entity personal_goal" in found.remedy
        modes = {"PERSONAL_GOALS": B.AIRTABLE_ONLY}
        assert await missing(server, despite_dead_letters=True, **modes) == []


async def test_what_was_never_filled_cannot_be_served(stage: Stage) -> None:
    async with goals_in(stage, B.AIRTABLE_ONLY) as server:
        await execute(server.ctx, "DELETE FROM sync_gates WHERE key = 'backfill:personal_goal'")
        [found] = await missing(server, PERSONAL_GOALS=B.POSTGRES_SHADOW_READ)
        assert found.remedy == "python tasks/backfill.py --only personal_goal"


async def test_stores_that_differ_keep_a_flag_from_postgres(stage: Stage) -> None:
    async with goals_in(stage, B.AIRTABLE_ONLY) as server:
        fields = {"Naam": "Uit Airtable", "Gebruikers": [server.ann.id], "Status": "Actief"}
        record = stage.airtable.control.create(GOALS, fields)
        [found] = await missing(server, PERSONAL_GOALS=B.POSTGRES_PRIMARY)
        assert found.text == "personal_goal differs: 1 only_in_airtable"
        assert found.remedy.startswith("python tasks/backfill.py --only personal_goal; what")
        stage.airtable.control.delete(GOALS, record)
        assert await missing(server, PERSONAL_GOALS=B.POSTGRES_PRIMARY) == []


async def test_what_cannot_be_compared_is_no_consent(stage: Stage) -> None:
    async with goals_in(stage, B.AIRTABLE_ONLY) as server:
        stage.airtable.control.fault(status=503, count=0)
        [found] = await missing(server, PERSONAL_GOALS=B.POSTGRES_PRIMARY)
        assert found.is_unknown


async def test_what_was_kept_in_postgres_only_must_be_sent_before_airtable_serves_it(
    stage: Stage,
) -> None:
    async with goals_in(stage, B.POSTGRES_ONLY) as server:
        await add_goal(server)
        [found] = await missing(server, PERSONAL_GOALS=B.AIRTABLE_ONLY)
        assert found.text == "personal_goal differs: 1 missing_in_airtable"
        assert found.remedy.startswith("postgres_primary first, then")
        assert await missing(server, PERSONAL_GOALS=B.POSTGRES_PRIMARY) == []


async def test_a_set_that_may_not_stand_together_is_refused(stage: Stage) -> None:
    async with stage.server() as server:
        [found] = await missing(server, PERSONAL_GOALS=B.AIRTABLE_ONLY)
        assert "DATA_BACKEND_PERSONAL_GOAL_USAGE is in a Postgres mode" in found.text
    async with stage.server(extra={"DATA_BACKEND_ALLOW_MIXED": "true"}) as server:
        assert await missing(server, PERSONAL_GOALS=B.AIRTABLE_ONLY) == []


async def test_content_has_no_writes_to_lose_and_must_only_be_filled(stage: Stage) -> None:
    async with stage.server(METHODS="airtable_only") as server:
        assert await missing(server, OVERTUIGINGEN=B.AIRTABLE_ONLY, METHODS=B.AIRTABLE_ONLY) == []
        assert await missing(server, METHODS=B.POSTGRES_SHADOW_READ) == []
        stage.airtable.control.edit("Methodes", library.BREATHE, {"Methode Naam": "Adem"})
        [found] = await missing(server, METHODS=B.POSTGRES_PRIMARY)
        assert found.text == "methods differs: 1 field_mismatch"
        assert found.remedy.startswith("python tasks/backfill.py --only methods; what")


async def test_rewards_wait_for_what_people_and_programs_carry_of_them(stage: Stage) -> None:
    async with stage.server() as server:
        tick = {"goedeGewoonteId": library.WATER, "date": TODAY}
        await server.ann.post("habit-usage", userId=server.ann.id, **tick)
        found = await missing(server, REWARDS=B.AIRTABLE_ONLY)
        assert "1 changes of user are not in Airtable yet" in texts(found)
        await server.settle()
        assert await missing(server, REWARDS=B.AIRTABLE_ONLY) == []


async def test_sessions_whose_program_was_deleted_by_hand_are_named_until_they_go_too(
    stage: Stage,
) -> None:
    async with stage.server("airtable_only") as server:
        await create_whole(server.ann)
        await create_whole(server.bob)
        control = stage.airtable.control
        sessions = {record["id"] for record in control.records(SESSIONS)}
        [program, _] = control.records(PROGRAMS)
        control.delete(PROGRAMS, program["id"])
        for kind in (E.PROGRAM, E.PROGRAM_SCHEDULE):
            await follow_listing(server.ctx, ACTIVITIES[kind])
        [found] = await missing(server, PROGRAMS=B.POSTGRES_PRIMARY)
        assert found.text == f"program_schedule differs: {len(sessions) // 2} orphan_link"
        for record in control.records(SESSIONS):
            if "Mentale Fitnessprogramma" not in record["fields"]:
                control.delete(SESSIONS, record["id"])
        await follow_listing(server.ctx, ACTIVITIES[E.PROGRAM_SCHEDULE])
        assert await missing(server, PROGRAMS=B.POSTGRES_PRIMARY) == []
