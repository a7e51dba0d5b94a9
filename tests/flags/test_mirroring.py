"""While Airtable owns what people do, our rows follow its records, and only then."""

import asyncio
from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.context import Context
from api._lib.outbox import Event, enqueue
from api._lib.sync.gates import read_gate
from api._lib.sync.inbound import webhook_store
from api._lib.sync.inbound.activity import ACTIVITIES, follow_listing, store_records
from api._lib.sync.inbound.activity_apply import Batch
from api._lib.sync.inbound.activity_records import read_activity
from api._lib.sync.inbound.reading import started
from api._lib.sync.inbound.tracking import list_mirrored, mirrored
from api._lib.sync.inbound.webhook_feed import drain
from api._lib.sync.inbound.webhooks import keep_registered
from api._lib.sync.inbound_jobs import import_tracking
from api._lib.sync.jobs import perform
from api._lib.sync.locks import exclusive
from api._lib.sync.schedule import Poll, calls_per_month, periods
from api.workers.sync_worker import JOBS
from tests.flags.stage import FLAGS, Server, Stage
from tests.programs import catalogue as library

GOALS, TICKS = "Persoonlijke doelen", "Goede gewoontes gebruik"
TODAY, YESTERDAY = "2026-03-04", "2026-03-03"
GOAL = E.PERSONAL_GOAL
HOOK = {
    "AIRTABLE_WEBHOOKS_ENABLED": "true",
    "AIRTABLE_WEBHOOK_URL": "http://127.0.0.1:9/api/sync/airtable/webhook",
}


def goal(stage: Stage, owner: str, name: str, **cells: str) -> str:
    """A goal made in Airtable by hand."""
    fields = {"Naam": name, "Gebruikers": [owner], "Status": "Actief", **cells}
    return stage.airtable.control.create(GOALS, fields)


def restore(stage: Stage, record: Mapping[str, Any]) -> None:
    """Take a goal back from Airtable's trash, where it kept its id."""
    kept = ("Naam", "Status", "Gebruikers", "App ID")
    fields = {name: record["fields"][name] for name in kept}
    stage.airtable.control.load({GOALS: [{"id": record["id"], "fields": fields}]})


def tick(stage: Stage, owner: str, day: str = TODAY) -> str:
    """A tick made in Airtable by hand."""
    fields = {"Gebruikers": [owner], "Goede gewoontes": [library.WATER], "Datum": day}
    return stage.airtable.control.create(TICKS, fields)


def others(stage: Stage, server: Server) -> None:
    """Records of somebody else, so that no table is ever empty."""
    goal(stage, server.bob.id, "Van Bob")
    tick(stage, server.bob.id)


async def run(server: Server) -> Mapping[str, object]:
    """The worker's job, once."""
    runtime: Any = SimpleNamespace(ctx=server.ctx, imports=asyncio.Semaphore(3))
    return await import_tracking(runtime) or {}


async def names(ctx: Context) -> dict[str, str]:
    """Goals as rows, but those of others: status by name."""
    rows = await ctx.db.fetch("SELECT name, status FROM personal_goals WHERE name <> 'Van Bob'")
    return {row["name"]: row["status"] for row in rows}


async def row_of(ctx: Context, record_id: str) -> UUID:
    found = await ctx.db.fetchval(
        "SELECT entity_id FROM airtable_links WHERE airtable_record_id = $1", record_id
    )
    return UUID(found)


async def test_rows_are_made_changed_and_removed_as_their_records_are(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        others(stage, server)
        first, second = (goal(stage, server.ann.id, name) for name in ("Lopen", "Lezen"))
        ticked = tick(stage, server.ann.id)
        assert await run(server) == {"read": 5, "changed": 5}
        assert await names(server.ctx) == {"Lezen": "Actief", "Lopen": "Actief"}
        stage.airtable.control.edit(GOALS, first, {"Naam": "Rennen", "Status": "Voltooid"})
        stage.airtable.control.delete(GOALS, second)
        stage.airtable.control.delete(TICKS, ticked)
        await run(server)
        assert await names(server.ctx) == {"Lezen": "Verwijderd", "Rennen": "Voltooid"}
        assert await server.ctx.db.fetchval("SELECT count(*) FROM habit_completions") == 1
        assert await run(server) == {"read": 3, "changed": 0}


async def test_a_record_taken_back_from_the_trash_is_found_again(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        answer = await server.ann.post("personal-goals", name="Lopen")
        record = stage.airtable.control.record(GOALS, answer.data["id"])
        others(stage, server)
        row = await row_of(server.ctx, record["id"])
        stage.airtable.control.delete(GOALS, record["id"])
        await run(server)
        assert await names(server.ctx) == {"Lopen": "Verwijderd"}
        restore(stage, record)
        await run(server)
        await run(server)
        assert await names(server.ctx) == {"Lopen": "Actief"}
        assert await row_of(server.ctx, answer.data["id"]) == row


async def test_what_a_request_deleted_does_not_come_back(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        asked = {"goedeGewoonteId": library.WATER, "date": TODAY}
        await server.ann.post("habit-usage", userId=server.ann.id, **asked)
        [record] = stage.airtable.control.records(TICKS)
        await server.ann.delete("habit-usage", userId=server.ann.id, **asked)
        fields = {name: record["fields"][name] for name in ("Gebruikers", "Goede gewoontes")}
        stage.airtable.control.load({TICKS: [{"id": record["id"], "fields": fields}]})
        await run(server)
        assert await server.ctx.db.fetchval("SELECT count(*) FROM habit_completions") == 0


async def test_I5_a_row_with_an_unfinished_event_is_never_overwritten(stage: Stage) -> None:
    """Worker I5: neither a waiting change nor a dead one is lost."""
    async with stage.server("airtable_only") as server:
        ctx = server.ctx
        records = {name: goal(stage, server.ann.id, name) for name in ("wacht", "dood", "vrij")}
        await run(server)
        rows = {name: await row_of(ctx, record) for name, record in records.items()}
        async with ctx.db.transaction() as tx:
            event = Event(entity_type=GOAL, entity_id=rows["wacht"], user_id=server.ann.id)
            await enqueue(tx, [event], always=True)
        await ctx.db.execute(
            """INSERT INTO outbox_dead_letters
                   (entity_type, entity_id, operation, error_class, error_message, attempts)
               VALUES ('personal_goal', $1, 'upsert', 'permanent', 'no', 2)""",
            str(rows["dood"]),
        )
        for name, record in records.items():
            stage.airtable.control.edit(GOALS, record, {"Naam": f"{name} in Airtable"})
        await run(server)
        assert await names(ctx) == {
            "dood": "Actief",
            "vrij in Airtable": "Actief",
            "wacht": "Actief",
        }
        for record in records.values():
            stage.airtable.control.delete(GOALS, record)
        await follow_listing(ctx, ACTIVITIES[GOAL], confirmed=True)
        assert await names(ctx) == {
            "dood": "Actief",
            "vrij in Airtable": "Verwijderd",
            "wacht": "Actief",
        }


@pytest.mark.parametrize("mode", ["postgres_shadow_read", "postgres_primary", "postgres_only"])
async def test_F8_what_postgres_owns_is_never_imported(stage: Stage, mode: str) -> None:
    """Worker F8: the import asks the flags before it touches anything."""
    async with stage.server(mode) as server:
        assert mirrored(server.ctx.settings) == []
        await server.ann.post("personal-goals", name="Lopen")
        await server.settle()
        for record in stage.airtable.control.records(GOALS):
            stage.airtable.control.edit(GOALS, record["id"], {"Naam": "Anders"})
        goal(stage, server.ann.id, "Met de hand")
        stage.airtable.control.clear_requests()
        assert await run(server) == {"read": 0, "changed": 0}
        assert stage.airtable.control.requests() == []
        assert await names(server.ctx) == {"Lopen": "Actief"}


async def test_only_the_tables_of_flags_in_airtable_are_mirrored(stage: Stage) -> None:
    flags = {"HABIT_USAGE": "airtable_only", "REWARDS": "airtable_only"}
    async with stage.server("postgres_primary", None, **flags) as server:
        tick(stage, server.ann.id)
        goal(stage, server.ann.id, "Met de hand")
        assert await run(server) == {"read": 1, "changed": 1}
        assert await names(server.ctx) == {}


async def test_a_listing_that_lacks_too_much_removes_nothing_until_somebody_confirms(
    stage: Stage,
) -> None:
    async with stage.server("airtable_only") as server:
        records = [goal(stage, server.ann.id, f"Doel {n}") for n in range(8)]
        await run(server)
        for record in records[:7]:
            stage.airtable.control.delete(GOALS, record)
        await run(server)
        assert set((await names(server.ctx)).values()) == {"Actief"}
        gate = "SELECT last_error FROM sync_gates WHERE key = 'listing:personalGoals'"
        assert await server.ctx.db.fetchval(gate) == "removals refused"
        await follow_listing(server.ctx, ACTIVITIES[GOAL], confirmed=True)
        assert list((await names(server.ctx)).values()).count("Verwijderd") == 7


async def test_a_failing_listing_changes_nothing_and_stops_no_other_table(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        ctx = server.ctx
        goal(stage, server.ann.id, "Lopen")
        await run(server)
        tick(stage, server.ann.id)
        stage.airtable.control.fault(
            status=422, table=ctx.airtable.table_id(ENTITIES[GOAL].table), count=0
        )
        with pytest.raises(Exception, match="personalGoals"):
            await run(server)
        assert await names(ctx) == {"Lopen": "Actief"}
        assert await ctx.db.fetchval("SELECT count(*) FROM habit_completions") == 1


async def test_one_worker_at_a_time_mirrors_a_table(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        goal(stage, server.ann.id, "Lopen")
        async with exclusive(server.ctx.db, "listing:personalGoals") as mine:
            assert mine
            assert await list_mirrored(server.ctx, ACTIVITIES[GOAL]) is None
        assert await names(server.ctx) == {}


async def test_a_listing_that_began_before_a_request_does_not_undo_it(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        ctx, activity = server.ctx, ACTIVITIES[GOAL]
        made = await server.ann.post("personal-goals", name="Lopen")
        began_at = await started(ctx.db)
        records, app_ids = await read_activity(ctx, activity)
        await server.ann.patch(f"personal-goals/{made.data['id']}", name="Rennen")
        old = Batch(
            records=records,
            app_ids=app_ids,
            read_at=began_at,
            today=date.fromisoformat(TODAY),
            table_id=ctx.airtable.table_id(activity.entity.table),
            overwrites=False,
            is_owner=True,
        )
        assert (await store_records(ctx, activity, old)).outcome.updated == 0
        assert await names(ctx) == {"Rennen": "Actief"}


async def test_whose_rows_changed_is_counted_and_planned_anew(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        ctx, score = server.ctx, "SELECT good_habits_score FROM user_rewards WHERE user_id = $1"
        others(stage, server)
        record = tick(stage, server.ann.id)
        await run(server)
        assert await ctx.db.fetchval(score, server.ann.id) > 0
        marked = "DELETE FROM notification_planning WHERE user_id = $1 RETURNING true"
        assert await ctx.db.fetchval(marked, server.ann.id)
        stage.airtable.control.delete(TICKS, record)
        await run(server)
        assert await ctx.db.fetchval(score, server.ann.id) == 0
        assert await ctx.db.fetchval(marked, server.ann.id)


async def test_webhooks_watch_and_tell_what_airtable_owns(stage: Stage) -> None:
    """Sync 11.10.1: the tables of flags in Airtable are watched, and only those."""
    async with stage.server("airtable_only", HOOK) as server:
        ctx, control = server.ctx, stage.airtable.control
        assert await keep_registered(ctx) == "registered"
        await drain(ctx, only_news=True)
        [hook] = control.webhooks()
        watched = hook["specification"]["options"]["filters"]["watchDataInFieldIds"]
        assert control.field_id(GOALS, "Naam") in watched
        first = goal(stage, server.ann.id, "Lopen")
        tick(stage, server.ann.id)
        await drain(ctx, only_news=False)
        assert await names(ctx) == {"Lopen": "Actief"}
        control.edit(GOALS, first, {"Naam": "Rennen"})
        await drain(ctx, only_news=False)
        assert [g["name"] for g in (await server.ann.get("personal-goals")).data] == ["Rennen"]
        control.delete(GOALS, first)
        await drain(ctx, only_news=False)
        assert await names(ctx) == {"Rennen": "Verwijderd"}
        assert (await server.ann.get("personal-goals")).data == []
    async with stage.server("postgres_primary", HOOK) as server:
        assert await keep_registered(server.ctx) == "registered"
        [hook] = control.webhooks()
        watched = hook["specification"]["options"]["filters"]["watchDataInFieldIds"]
        assert control.field_id(GOALS, "Naam") not in watched


async def test_payloads_that_are_missing_list_these_tables_too(stage: Stage) -> None:
    async with stage.server("airtable_only", HOOK) as server:
        ctx = server.ctx
        await keep_registered(ctx)
        await drain(ctx, only_news=True)
        goal(stage, server.ann.id, "Lopen")
        [hook] = stage.airtable.control.webhooks()
        stage.airtable.control.drop_payloads(hook["id"])
        goal(stage, server.ann.id, "Lezen")
        await drain(ctx, only_news=False)
        assert await names(ctx) == {"Lezen": "Actief", "Lopen": "Actief"}
        assert await webhook_store.is_healthy(ctx.db)


async def test_the_job_runs_by_its_gate_while_something_lives_in_airtable(stage: Stage) -> None:
    job = next(job for job in JOBS if job.name == "import_tracking")
    assert job.period is not None

    def runtime(server: Server) -> Any:
        return SimpleNamespace(
            ctx=server.ctx,
            db=server.ctx.db,
            settings=server.ctx.settings,
            imports=asyncio.Semaphore(3),
            stopping=asyncio.Event(),
            worker="w",
        )

    async with stage.server("postgres_primary") as server:
        assert await job.period(runtime(server)) is None
    async with stage.server("airtable_only") as server:
        goal(stage, server.ann.id, "Lopen")
        assert await job.period(runtime(server)) == server.ctx.settings.sync_full_poll_seconds
        assert await perform(job, runtime(server)) == {"read": 1, "changed": 1}
        gate = await read_gate(server.ctx.db, Poll.TRACKING)
        assert gate is not None
        assert gate.counts == {"read": 1, "changed": 1}


async def test_tables_are_mirrored_with_the_full_listing_and_cost_what_they_cost(
    stage: Stage,
) -> None:
    async with stage.server("postgres_primary") as server:
        plain = calls_per_month(server.ctx.settings, with_webhooks=True)
        assert Poll.TRACKING not in periods(server.ctx.settings, with_webhooks=False)
    async with stage.server("airtable_only") as server:
        settings = server.ctx.settings
        found = periods(settings, with_webhooks=False)
        assert found[Poll.TRACKING] == found[Poll.FULL]
        assert len(mirrored(settings)) == len(ACTIVITIES)
        more = calls_per_month(settings, with_webhooks=True) - plain
        assert more == len(ACTIVITIES) * 240
    assert len(FLAGS) == 9
