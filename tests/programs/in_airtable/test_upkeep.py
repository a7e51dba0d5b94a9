"""The hourly job where programs live in Airtable."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api._lib.clock import ManualClock
from api._lib.programs import service as programs
from tests.endpoints.programs.steps import create, create_whole
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as c

TABLE = "Mentale Fitnessprogramma's"


def statuses(stage: Stage) -> dict[str, Any]:
    """Statuses in Airtable by start."""
    found = [record["fields"] for record in stage.airtable.control.records(TABLE)]
    return {fields["Startdatum"]: fields.get("Status") for fields in found}


async def rows(server: Server) -> dict[str, str]:
    """Statuses of the rows by start."""
    found = await server.ctx.db.fetch("SELECT start_date::text AS start, status FROM programs")
    return {row["start"]: row["status"] for row in found}


async def test_P12_programs_begin_and_end_in_airtable_and_in_their_rows(
    stage: Stage, clock: ManualClock
) -> None:
    async with stage.server("airtable_only") as server:
        await create_whole(server.ann, "2026-03-02", "1 week")
        await create_whole(server.ann, "2026-03-09", "1 week")
        await create_whole(server.bob, "2026-06-01", "1 week")
        await create(server.bob, "2026-03-05", "1 week")
        assert await programs.roll_program_status(server.ctx) == 0
        await server.ctx.db.execute("DELETE FROM notification_planning")
        clock.advance(timedelta(days=6))
        assert await programs.roll_program_status(server.ctx) == 2
        expected = {
            "2026-03-02": "Afgewerkt",
            "2026-03-09": "Actief",
            "2026-03-05": "Gepland",
            "2026-06-01": "Gepland",
        }
        assert statuses(stage) == expected
        assert await rows(server) == expected
        marked = await server.ctx.db.fetch("SELECT user_id::text FROM notification_planning")
        assert [row["user_id"] for row in marked] == [server.ann.id]
        assert await server.ctx.db.fetchval("SELECT count(*) FROM outbox_events") == 0
        assert await programs.roll_program_status(server.ctx) == 0


async def test_drafts_that_nobody_touched_for_a_day_are_deleted_from_airtable(
    stage: Stage, clock: ManualClock
) -> None:
    async with stage.server("airtable_only") as server:
        await create(server.ann, "2026-04-06")
        await create(server.ann, "2026-05-04", goals=[c.STRESS])
        used = await create(server.ann, "2026-06-01")
        await server.ann.post(
            "method-usage", userId=server.ann.id, methodId=c.WALK, programId=used["id"]
        )
        clock.moment = datetime.now(UTC) + timedelta(hours=23)
        assert await programs.delete_old_drafts(server.ctx) == 0
        clock.advance(timedelta(hours=2))
        assert await programs.delete_old_drafts(server.ctx) == 1
        assert statuses(stage).keys() == {"2026-05-04", "2026-06-01"}
        assert (await rows(server)).keys() == {"2026-05-04", "2026-06-01"}
        assert await programs.delete_old_drafts(server.ctx) == 0
