"""Ticking habits."""

from collections.abc import Sequence
from datetime import date

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.errors import not_found
from api._lib.outbox import enqueue
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity
from api._lib.tracking.model import Recorded
from api._lib.tracking.service.recording import check_day, deleted, upserted
from api._lib.tracking.store import habits as store

TICK = EntityType.GOEDE_GEWOONTE_USAGE


async def habits_of_day(ctx: Context, user: User, day: date) -> Sequence[str]:
    """Ids of the habits a user ticked on a day."""
    return await store.of_day(ctx.db, user.id, day)


async def tick_habit(ctx: Context, user: User, habit_id: str, day: date) -> Recorded:
    """Tick a habit for a day; ticking it again changes nothing and brings no points.

    Raises a 400 for a day outside the window and a 404 for an unknown habit.
    """
    check_day(ctx, day)
    async with ctx.db.transaction() as tx:
        await rewards.lock(tx, user.id)
        tick = await store.tick(tx, user.id, habit_id, day)
        if tick is None:
            raise not_found()
        if not tick.is_new:
            return Recorded(tick.id, points=0, is_new=False)
        events = await rewards.count(tx, user.id, ctx.today(user), Activity(on=day))
        await enqueue(tx, [upserted(TICK, tick.id, user), *events])
        return Recorded(tick.id, rewards.HABIT_POINTS, is_new=True)


async def untick_habit(ctx: Context, user: User, habit_id: str, day: date) -> None:
    """Take a tick back with its points; without a tick nothing happens.

    Raises a 404 for an unknown habit.
    """
    async with ctx.db.transaction() as tx:
        await rewards.lock(tx, user.id)
        gone = await store.untick(tx, user.id, habit_id, day)
        if not gone.known:
            raise not_found()
        if gone.id is not None:
            events = await rewards.count(tx, user.id, ctx.today(user))
            await enqueue(tx, [deleted(TICK, gone.id, user), *events])
