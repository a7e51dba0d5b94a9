"""Completing personal goals."""

from collections.abc import Mapping
from datetime import date

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.errors import not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity
from api._lib.tracking.model import GoalCompletion, GoalCount, Recorded
from api._lib.tracking.service.recording import check_day, request_key, upserted
from api._lib.tracking.store import goal_completions as store
from api._lib.wire import Key

USAGE = EntityType.PERSONAL_GOAL_USAGE


async def goal_counts(ctx: Context, user: User, day: date) -> Mapping[Key, GoalCount]:
    """How often each goal was completed, on a day and ever."""
    return await store.counts(ctx.db, user.id, day)


async def complete_goal(ctx: Context, user: User, goal_id: str, day: date) -> GoalCompletion:
    """Complete a goal for a day; doing so several times a day counts each time.

    Raises a 400 for a day outside the window and a 404 for a goal that is not the user's own or
    not pursued any more (T18).
    """
    check_day(ctx, day)
    key = request_key(ctx)
    async with ctx.db.transaction() as tx:
        await rewards.lock(tx, user.id)
        done = await store.record(tx, user.id, goal_id, day, key)
        if done is None:
            raise not_found()
        if done.is_new:
            events = await rewards.count(tx, user.id, ctx.today(user), Activity(on=day))
            await notifications.mark_for_planning(tx, user.id, "goal completed")
            await enqueue(tx, [upserted(USAGE, done.id, user), *events])
    points = rewards.PERSONAL_GOAL_POINTS if done.is_new else 0
    return GoalCompletion(Recorded(done.id, points, done.is_new), done.count)
