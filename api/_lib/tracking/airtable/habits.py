"""Ticking habits in Airtable."""

from collections.abc import Sequence
from datetime import date

from api._lib.airtable import formula
from api._lib.airtable.entities import EntityType
from api._lib.airtable.personal import HABIT_USAGES
from api._lib.airtable.records import Record, oldest_first
from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity
from api._lib.tracking.airtable.writing import (
    check_known,
    counting,
    forget,
    mirror,
    same_id,
)
from api._lib.tracking.model import Recorded
from api._lib.tracking.service.recording import check_day

TICK = EntityType.GOEDE_GEWOONTE_USAGE
DAY = HABIT_USAGES.field("date").title


async def habits_of_day(ctx: Context, user: User, day: date) -> Sequence[str]:
    """Ids of the habits a user ticked on a day."""
    ticks = await _ticks(ctx, user, day)
    return sorted({habit for tick in ticks if (habit := tick.link("goedeGewoonte"))})


async def tick_habit(ctx: Context, user: User, habit_id: str, day: date) -> Recorded:
    """Tick a habit for a day; ticking it again changes nothing and brings no points.

    Raises a 400 for a day outside the window and a 404 for an unknown habit.
    """
    check_day(ctx, day)
    await check_known(ctx, content.HABITS, habit_id)
    async with ctx.turns.of(user.id):
        done = await _of_habit(ctx, user, habit_id, day)
        if done:
            return Recorded(done[0].id, points=0, is_new=False)
        values = {"user": [user.id], "goedeGewoonte": [habit_id], "date": day}
        app_id = same_id("habit", user.id, habit_id, day)
        tick = await ctx.tables.create(HABIT_USAGES, app_id, values)
        await mirror(ctx, user, TICK, tick, is_new=True, then=counting(ctx, user, Activity(on=day)))
        return Recorded(tick.id, rewards.HABIT_POINTS, is_new=True)


async def untick_habit(ctx: Context, user: User, habit_id: str, day: date) -> None:
    """Take a tick back with its points; without a tick nothing happens.

    Raises a 404 for an unknown habit.
    """
    await check_known(ctx, content.HABITS, habit_id)
    async with ctx.turns.of(user.id):
        for tick in await _of_habit(ctx, user, habit_id, day):
            await ctx.tables.remove(HABIT_USAGES, [tick.id])
            await forget(ctx, user, TICK, tick.id, counting(ctx, user))


async def _of_habit(ctx: Context, user: User, habit_id: str, day: date) -> list[Record]:
    """The ticks of a habit, which should be one at most; the oldest counts."""
    ticks = await _ticks(ctx, user, day)
    return oldest_first(tick for tick in ticks if tick.link("goedeGewoonte") == habit_id)


async def _ticks(ctx: Context, user: User, day: date) -> list[Record]:
    ticks = await ctx.tables.where(HABIT_USAGES, formula.on_day(DAY, day))
    return [tick for tick in ticks if tick.belongs_to(user.id)]
