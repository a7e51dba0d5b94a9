"""Completing personal goals in Airtable."""

from collections.abc import Mapping
from datetime import date

from api._lib.airtable import formula
from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.personal import GOAL_USAGES
from api._lib.airtable.records import Record
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.outbox import Event
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity
from api._lib.switching import Switch
from api._lib.tracking.airtable.goals import PursuedInAirtable, PursuedInPostgres
from api._lib.tracking.airtable.writing import Then, id_of_request, mirror
from api._lib.tracking.contracts import PursuedGoals
from api._lib.tracking.model import GoalCompletion, GoalCount, Recorded
from api._lib.tracking.service.recording import check_day, request_key
from api._lib.tracking.store import mirrors
from api._lib.wire import Key

USAGE = EntityType.PERSONAL_GOAL_USAGE

PURSUED: Switch[PursuedGoals] = Switch(
    "PERSONAL_GOALS", postgres=PursuedInPostgres(), airtable=PursuedInAirtable()
)


async def goal_counts(ctx: Context, user: User, day: date) -> Mapping[Key, GoalCount]:
    """How often each goal was completed, on a day and ever."""
    usages = await _of_user(ctx, user)
    goals = sorted({goal for usage in usages if (goal := usage.link("personalGoal"))})
    return {goal: _count(usages, goal, day) for goal in goals}


async def complete_goal(ctx: Context, user: User, goal_id: str, day: date) -> GoalCompletion:
    """Complete a goal for a day; doing so several times a day counts each time.

    Raises a 400 for a day outside the window and a 404 for a goal that is not the user's own or
    not pursued any more (T18).
    """
    check_day(ctx, day)
    key = request_key(ctx)
    async with ctx.turns.of(user.id):
        usages = await _of_user(ctx, user)
        repeated = await _repeated(ctx, user, key) if key is not None else None
        if repeated is not None:
            count = _count(usages, repeated.link("personalGoal"), day)
            return GoalCompletion(Recorded(repeated.id, points=0, is_new=False), count)
        goal = await PURSUED.store(ctx).pursued(ctx, user, goal_id)
        values = {"user": [user.id], "personalGoal": [goal], "date": day}
        usage = await ctx.tables.create(GOAL_USAGES, id_of_request(user.id, key), values)
        await mirror(
            ctx, user, USAGE, usage, is_new=True, then=_counting(ctx, user, usage, day, key)
        )
    count = _count([*usages, usage], goal, day)
    return GoalCompletion(Recorded(usage.id, rewards.PERSONAL_GOAL_POINTS, is_new=True), count)


async def _of_user(ctx: Context, user: User) -> list[Record]:
    usages = await ctx.tables.scan(GOAL_USAGES)
    return [usage for usage in usages if usage.belongs_to(user.id)]


async def _repeated(ctx: Context, user: User, key: str) -> Record | None:
    record_id = await mirrors.repeated_goal(ctx.db, user.id, key)
    if record_id is not None:
        return await ctx.tables.get(GOAL_USAGES, record_id)
    app_id = str(id_of_request(user.id, key))
    found = await ctx.tables.where(GOAL_USAGES, formula.equals(APP_ID, app_id))
    return next(iter(found), None)


def _count(usages: list[Record], goal: str | None, day: date) -> GoalCount:
    days = [usage.day("date") for usage in usages if usage.link("personalGoal") == goal]
    return GoalCount(today=days.count(day), total=len(days))


def _counting(ctx: Context, user: User, usage: Record, day: date, key: str | None) -> Then:
    async def then(tx: Transaction) -> list[Event]:
        await mirrors.note_request(tx, "personal_goal_completions", usage.app_id, key)
        events = await rewards.count(tx, user.id, ctx.today(user), Activity(on=day))
        await notifications.mark_for_planning(tx, user.id, "goal completed")
        return events

    return then
