"""Programs while Postgres serves and Airtable stands in."""

from typing import Any

from api._lib import metrics
from tests.endpoints.programs.steps import confirm, detail
from tests.flags.stage import Stage
from tests.programs import catalogue as c
from tests.programs.in_airtable.test_rows import follow, seen

SHADOW = "postgres_shadow_read"
ALWAYS = {"DATA_BACKEND_SHADOW_SAMPLE_RATE": "1"}


def counted(metric: Any) -> float:
    """How often something was counted for programs."""
    samples = [sample for family in metric.collect() for sample in family.samples]
    ours = (s for s in samples if "PROGRAMS" in s.labels.values() and s.name.endswith("_total"))
    return float(sum(sample.value for sample in ours))


async def test_airtable_stands_in_while_postgres_fails(stage: Stage) -> None:
    async with stage.server(SHADOW) as server:
        await follow(server.ann)
        await server.settle()
        before = await seen(server.ann)
        await server.ctx.db.execute("ALTER TABLE program_sessions RENAME TO elsewhere")
        assert await seen(server.ann) == before
        assert (await server.bob.get("programs")).data == []
        await server.settle()
        await server.ctx.db.execute("ALTER TABLE elsewhere RENAME TO program_sessions")


async def test_what_only_airtable_has_is_stored_before_the_first_fill(stage: Stage) -> None:
    async with stage.server(SHADOW) as server:
        await server.ctx.db.execute("DELETE FROM sync_gates WHERE key LIKE 'backfill:program%'")
        fields = {"Gebruiker": [server.ann.id], "Startdatum": "2026-03-09"}
        record = stage.airtable.control.create(
            "Mentale Fitnessprogramma's", {**fields, "Duur van programma": "4 weken"}
        )
        session = {"Mentale Fitnessprogramma": [record], "Datum": "2026-03-09"}
        stage.airtable.control.create(
            "Programmaplanning", {**session, "Beoogde methodes": [c.WALK]}
        )
        [program] = (await server.ann.get("programs")).data
        assert program["id"] != record
        assert program["totalMethods"] == 1
        assert (await detail(server.ann, record))["id"] == program["id"]


async def test_both_stores_answer_alike(stage: Stage) -> None:
    compared, differing = metrics.shadow_compared, metrics.shadow_diff
    async with stage.server("postgres_primary", ALWAYS, PROGRAMS=SHADOW) as server:
        program = (await confirm(server.ann, programName="Rust"))["program"]["id"]
        await server.settle()
        before = counted(compared), counted(differing), counted(metrics.shadow_error)
        await detail(server.ann, program)
        await server.settle()
        after = counted(compared), counted(differing), counted(metrics.shadow_error)
        assert after == (before[0] + 1, before[1], before[2])
