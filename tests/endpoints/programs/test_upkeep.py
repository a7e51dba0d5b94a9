"""What the worker does for programs every hour."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.programs import service as programs
from api.workers.sync_worker import JOBS
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.endpoints.programs.steps import (
    complete,
    confirm,
    create,
    create_whole,
    events,
    planning_reasons,
    take_events,
)
from tests.programs.catalogue import BREATHE, STRESS
from tests.waiting import until_somebody_waits


@pytest.fixture
def ctx(app: App) -> Context:
    """The context of a run."""
    assert app.resources is not None
    return Context(app.resources)


async def statuses(db: Database) -> list[str]:
    """Stored statuses by start date."""
    rows = await db.fetch("SELECT status FROM programs ORDER BY start_date, user_id")
    return [row["status"] for row in rows]


async def test_P12_programs_begin_and_end_by_their_dates(
    ann: Asking, app: App, db: Database, clock: ManualClock
) -> None:
    await create_whole(ann, "2026-03-02", "1 week")
    await create_whole(ann, "2026-03-09", "1 week")
    await confirm(ann, start="2026-06-01")
    assert await statuses(db) == ["Actief", "Gepland", "Gepland"]
    await take_events(db)
    await planning_reasons(db)
    assert app.resources is not None
    for days, changed, expected in (
        (0, 0, ["Actief", "Gepland", "Gepland"]),
        (5, 2, ["Afgewerkt", "Actief", "Gepland"]),
        (6, 0, ["Afgewerkt", "Actief", "Gepland"]),
        (1, 1, ["Afgewerkt", "Afgewerkt", "Gepland"]),
    ):
        clock.advance(timedelta(days=days))
        assert await programs.roll_program_status(Context(app.resources)) == changed
        assert await statuses(db) == expected
        assert await take_events(db) == [("program", "upsert", 30)] * changed
        assert await planning_reasons(db) == ["program status changed"] * bool(changed)


async def test_P22_each_person_has_a_day_of_their_own(
    ann: Asking,
    app: App,
    db: Database,
    clock: ManualClock,
    make_person: MakePerson,
) -> None:
    """At 23:30 in UTC it is tomorrow in Brussels and Auckland, but not in New York."""
    away = [await make_person(zone=zone) for zone in ("America/New_York", "Pacific/Auckland")]
    lost = await make_person(zone="Europe/Brussels")
    await db.execute(
        "UPDATE notification_preferences SET timezone = 'Mars/Base' WHERE user_id = $1", lost.id
    )
    for owner in (ann.id, *(person.id for person in away), lost.id):
        await db.execute(
            "INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label,"
            " status, creation_type) VALUES ($1, '2026-03-05', '2026-03-11', 1, '1 week',"
            " 'Gepland', 'AI')",
            owner,
        )
    clock.moment = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert app.resources is not None
    assert await programs.roll_program_status(Context(app.resources)) == 3
    waiting = await db.fetchval("SELECT user_id::text FROM programs WHERE status = 'Gepland'")
    assert waiting == away[0].id


async def test_a_finished_program_is_never_begun_again(
    ann: Asking, ctx: Context, db: Database
) -> None:
    await create_whole(ann, "2026-03-02")
    await db.execute("UPDATE programs SET status = 'Afgewerkt'")
    assert await programs.roll_program_status(ctx) == 0


async def test_drafts_that_nobody_touched_for_a_day_are_deleted(
    ann: Asking, app: App, db: Database, clock: ManualClock
) -> None:
    draft = await create(ann)
    goals = await create(ann, "2026-05-04", goals=[STRESS])
    notes = await create(ann, "2026-06-01", notes="Hup")
    used = await create(ann, "2026-07-06")
    await complete(db, ann, BREATHE, program=used["id"])
    await take_events(db)
    assert app.resources is not None
    clock.moment = datetime.now(UTC) + timedelta(hours=23)
    assert await programs.delete_old_drafts(Context(app.resources)) == 0
    clock.advance(timedelta(hours=2))
    assert await programs.delete_old_drafts(Context(app.resources)) == 1
    rows = await db.fetch("SELECT id::text FROM programs ORDER BY start_date")
    assert [row["id"] for row in rows] == [goals["id"], notes["id"], used["id"]]
    assert await events(db) == [("program", "delete", 20)]
    gone = await db.fetchval("SELECT entity_id FROM outbox_events WHERE status = 'pending'")
    assert gone == draft["id"]


async def test_a_draft_that_is_being_filled_is_left_alone(
    ann: Asking, app: App, db: Database, clock: ManualClock
) -> None:
    await create(ann)
    clock.moment = datetime.now(UTC) + timedelta(hours=25)
    assert app.resources is not None
    async with db.transaction() as tx:
        await tx.execute("UPDATE programs SET notes = 'Hup'")
        assert await programs.delete_old_drafts(Context(app.resources)) == 0
    assert await programs.delete_old_drafts(Context(app.resources)) == 0
    assert await db.fetchval("SELECT count(*) FROM programs") == 1


async def test_P12_giving_way_to_an_erasure_the_run_begins_anew(
    ann: Asking, ctx: Context, db: Database
) -> None:
    """The run holds programs and needs their owner; an erasure holds the owner first."""
    await create_whole(ann, "2026-03-02")
    await db.execute("UPDATE programs SET status = 'Gepland'")
    await planning_reasons(db)
    async with db.transaction() as tx:
        # Of the two, the run finds out first.
        await tx.execute("SET LOCAL deadlock_timeout = '20s'")
        await tx.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", ann.id)
        running = asyncio.create_task(programs.roll_program_status(ctx))
        await until_somebody_waits(db)
        await tx.execute("DELETE FROM programs WHERE user_id = $1", ann.id)
        await tx.execute("DELETE FROM users WHERE id = $1", ann.id)
    assert await running == 0


async def test_the_run_does_not_depend_on_the_number_of_programs(
    ann: Asking, ctx: Context, db: Database, statements: list[str]
) -> None:
    await db.execute(
        "INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label,"
        " status, creation_type) SELECT $1, date '2026-01-05' + n, date '2026-01-11' + n, 1,"
        " '1 week', 'Gepland', 'AI' FROM generate_series(1, 1100) AS n",
        ann.id,
    )
    statements.clear()
    assert await programs.roll_program_status(ctx) == 58
    assert len(statements) <= 12
    await db.execute("UPDATE programs SET status = 'Gepland'")
    await db.execute("UPDATE programs SET start_date = '2026-01-05', end_date = '2026-01-11'")
    assert await programs.roll_program_status(ctx) == 1_100
    assert set(await statuses(db)) == {"Afgewerkt"}


def test_P12_the_worker_does_it_every_hour() -> None:
    [job] = [job for job in JOBS if job.name == "roll_program_status"]
    assert (job.cron, job.timeout) == ("1 * * * *", 60)
