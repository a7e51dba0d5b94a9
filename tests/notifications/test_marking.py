"""Markers and locks: no change gets lost between two plans, and no plan mixes with another."""

import asyncio

from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.model import Change, Plan, Status
from api._lib.notifications.service import Planned
from api._lib.notifications.store import marking, planning
from tests.notifications.cases import moment
from tests.notifications.planner import TODAY, TONIGHT, add_ann, plan
from tests.notifications.seed import (
    add_user,
    jobs,
    set_preferences,
)


async def mark(db: Database, user: str) -> None:
    async with db.transaction() as tx:
        await notifications.mark_for_planning(tx, user, "test")


async def test_a_marker_goes_with_the_plan(ctx: Context, db: Database) -> None:
    ann = await add_ann(db)
    await mark(db, ann)
    assert await notifications.plan_if_marked(ctx, ann) == Planned(users=1, written=4)
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 0
    assert await notifications.plan_if_marked(ctx, ann) == Planned()


async def test_a_marker_set_again_meanwhile_stays(ctx: Context, db: Database) -> None:
    """F12: somebody changes something while their reminders are being planned."""
    ann = await add_ann(db)
    await mark(db, ann)
    async with db.transaction() as change:
        await notifications.mark_for_planning(change, ann, "a change that is not committed yet")
        await asyncio.wait_for(notifications.plan_dirty_users(ctx), 3)
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 1
    await notifications.plan_dirty_users(ctx)
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 0


async def test_a_marker_set_again_by_a_change_that_is_committed_by_then_stays(db: Database) -> None:
    ann = await add_user(db)
    await mark(db, ann)
    async with db.transaction() as planner:
        markers = await marking.read(planner, [ann])
        await mark(db, ann)
        await marking.clear(planner, markers)
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 1


async def test_a_marker_moves_forward_with_every_mark(db: Database) -> None:
    ann = await add_user(db)
    seen = []
    for _ in range(3):
        await mark(db, ann)
        seen.append(await db.fetchval("SELECT requested_at FROM notification_planning"))
    assert seen == sorted(set(seen))


async def test_F12_two_planners_of_one_person_do_not_mix(ctx: Context, db: Database) -> None:
    ann = await add_ann(db)
    await asyncio.gather(*(plan(ctx, ann) for _ in range(5)))
    assert len(await jobs(db, ann)) == 4


async def test_F12_a_change_of_preferences_waits_for_the_planner_and_is_seen_by_the_next(
    ctx: Context, db: Database
) -> None:
    ann = await add_ann(db)
    async with db.transaction() as other:
        await other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('notifications:' || $1, 0))", ann
        )
        waiting = asyncio.create_task(plan(ctx, ann))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await other.execute(
            "INSERT INTO notification_preferences (user_id, lead_minutes) VALUES ($1, 0)", ann
        )
    await waiting
    assert (await jobs(db, ann))[0]["fire_at"] == moment("2026-02-23T18:00")


async def test_F7_planning_passes_by_what_is_being_claimed(ctx: Context, db: Database) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    await set_preferences(db, ann, enabled=True, lead_minutes=30)
    async with db.transaction() as claim:
        await claim.execute(
            "SELECT FROM notification_jobs WHERE reminder_date = $1 FOR UPDATE", TODAY
        )
        assert (await asyncio.wait_for(plan(ctx, ann), 20)).written == 2
    assert (await jobs(db, ann))[0]["fire_at"] == TONIGHT


async def test_F7_what_was_sent_since_the_plan_was_made_stays_sent(
    ctx: Context, db: Database
) -> None:
    ann = await add_ann(db)
    await plan(ctx, ann)
    first, *others = [job["id"] for job in await jobs(db, ann)]
    made = Plan([], [Change(id, Status.CANCELLED) for id in (first, *others)])
    await db.execute("UPDATE notification_jobs SET status = 'sent' WHERE id = $1", first)
    async with db.transaction() as tx:
        assert await planning.write(tx, made, ctx.now) == len(others)
    assert (await jobs(db, ann))[0]["status"] == "sent"
