"""Personal goals in Airtable."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

import asyncpg
from msgspec import structs

from api._lib.airtable import formula
from api._lib.airtable import store as links
from api._lib.airtable.entities import EntityType
from api._lib.airtable.personal import NAMELESS_GOAL, PERSONAL_GOALS
from api._lib.airtable.records import Record, oldest_first
from api._lib.context import Context, User
from api._lib.db import DatabaseUnavailableError, Transaction
from api._lib.errors import bad_request, not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import Event
from api._lib.tracking.airtable.places import sent
from api._lib.tracking.airtable.writing import Then, mirror
from api._lib.tracking.model import Goal, GoalChange, GoalStatus
from api._lib.tracking.rules import MAX_ACTIVE_GOALS, changed_goal, week_order
from api._lib.tracking.service.goals import LISTED, checked, week
from api._lib.tracking.service.recording import named
from api._lib.tracking.store import goals as store
from api._lib.tracking.store import mirrors

GOAL = EntityType.PERSONAL_GOAL
STATUS = PERSONAL_GOALS.field("status").title
STATUSES = {status.value: status for status in GoalStatus}


async def goals_of(ctx: Context, user: User, with_achieved: bool = False) -> Sequence[Goal]:
    """The goals a user pursues, oldest first, and on request those achieved."""
    wanted = LISTED if with_achieved else LISTED[:1]
    listed = await _in(ctx, user, wanted)
    cleared: set[str] = set()
    with suppress(DatabaseUnavailableError, asyncpg.PostgresError):
        cleared = await mirrors.cleared_plans(ctx.db, user.id)
    return [_goal(goal, user, cleared) for goal in oldest_first(listed)]


async def add_goal(
    ctx: Context,
    user: User,
    name: str,
    description: str | None = None,
    schedule_days: Sequence[str] | None = None,
) -> Goal:
    """Add a goal; raises a 400 at the limit of goals pursued at once and for unknown days."""
    name = named(name)
    days = None if schedule_days is None else week(schedule_days)
    async with ctx.turns.of(user.id):
        await _check_limit(ctx, user)
        values = {
            "name": name,
            "description": description or None,
            "user": [user.id],
            "status": GoalStatus.ACTIVE,
            "scheduleDays": ", ".join(days or ()),
        }
        record = await ctx.tables.create(PERSONAL_GOALS, uuid4(), values)
        await mirror(ctx, user, GOAL, record, is_new=True, then=_noting(ctx, user, record, days))
    return structs.replace(_goal(record, user, set()), schedule_days=days)


async def change_goal(ctx: Context, user: User, goal_id: str, change: GoalChange) -> Goal:
    """Change a goal; deleting it here is the same as `delete_goal` (T20).

    Raises a 404 for a goal that is not the user's own or was deleted, and a 400 when it would be
    one too many.
    """
    change = checked(change)
    async with ctx.turns.of(user.id):
        goal = await _found(ctx, user, goal_id)
        if goal.status not in LISTED:
            raise not_found()
        changed = changed_goal(goal, change, ctx.today(user))
        if changed.status is GoalStatus.ACTIVE and goal.status is not GoalStatus.ACTIVE:
            await _check_limit(ctx, user)
        await _save(ctx, user, goal, changed)
        return changed


async def delete_goal(ctx: Context, user: User, goal_id: str) -> None:
    """Delete a goal and keep its completions; deleting it again changes nothing (T19).

    The record stays with that status, or its completions would lose their goal.
    """
    async with ctx.turns.of(user.id):
        goal = await _found(ctx, user, goal_id)
        if goal.status is GoalStatus.ARCHIVED:
            raise not_found()
        await _save(ctx, user, goal, structs.replace(goal, status=GoalStatus.DELETED))


class PursuedInAirtable:
    """Goals that live in Airtable."""

    async def pursued(self, ctx: Context, user: User, goal_id: str) -> str:
        """The record of an own goal that is pursued; raises a 404."""
        goals = await _in(ctx, user, [GoalStatus.ACTIVE])
        found = await ctx.tables.find(GOAL, goals, goal_id)
        if found is None:
            raise not_found()
        return found.id


class PursuedInPostgres:
    """Goals that live in Postgres: one that is not in Airtable yet is sent there first."""

    async def pursued(self, ctx: Context, user: User, goal_id: str) -> str:
        """The record of an own goal that is pursued; raises a 404, or a 503 when late."""
        async with ctx.db.transaction() as tx:
            goal = await store.find(tx, user.id, goal_id)
        if goal is None or goal.status is not GoalStatus.ACTIVE:
            raise not_found()
        record_id = await sent(ctx, GOAL, goal.id)
        if record_id is None:
            raise not_found()
        return record_id


async def _in(ctx: Context, user: User, statuses: Sequence[GoalStatus]) -> list[Record]:
    """Goals in these states, which include those without one: they are pursued."""
    others = [status for status in GoalStatus if status not in statuses]
    where = formula.none_of(formula.equals(STATUS, status) for status in others)
    found = await ctx.tables.where(PERSONAL_GOALS, where)
    return [goal for goal in found if goal.belongs_to(user.id)]


async def _found(ctx: Context, user: User, goal_id: str) -> Goal:
    """An own goal in whatever state; raises a 404."""
    goals = await ctx.tables.scan(PERSONAL_GOALS)
    record = await ctx.tables.find(GOAL, goals, goal_id)
    if record is None or not record.belongs_to(user.id):
        raise not_found()
    return _goal(record, user, await mirrors.cleared_plans(ctx.db, user.id))


async def _check_limit(ctx: Context, user: User) -> None:
    if len(await _in(ctx, user, [GoalStatus.ACTIVE])) >= MAX_ACTIVE_GOALS:
        raise bad_request("goals_limit", limit=MAX_ACTIVE_GOALS)


async def _save(ctx: Context, user: User, goal: Goal, changed: Goal) -> None:
    # When it was achieved is not kept in Airtable.
    if structs.replace(changed, completed_on=goal.completed_on) == goal:
        return
    # What was read may be a minute old, so only what this request changes is written.
    before, after = _cells(goal), _cells(changed)
    values = {name: value for name, value in after.items() if value != before[name]}
    record = await ctx.tables.change(PERSONAL_GOALS, str(goal.id), values)
    if record is None:
        raise not_found()
    then = _noting(ctx, user, record, changed.schedule_days)
    await mirror(ctx, user, GOAL, record, is_new=False, then=then)


def _cells(goal: Goal) -> dict[str, object]:
    return {
        "name": goal.name,
        "description": goal.description,
        "status": goal.status,
        "scheduleDays": ", ".join(goal.schedule_days or ()),
    }


def _noting(ctx: Context, user: User, record: Record, schedule_days: Sequence[str] | None) -> Then:
    """Store what the cells cannot tell, and plan reminders anew (T23)."""

    async def then(tx: Transaction) -> list[Event]:
        row = await links.row_id(tx, GOAL, record.id)
        if row is not None:
            await mirrors.note_goal(tx, row, schedule_days, ctx.today(user))
        await notifications.mark_for_planning(tx, user.id, "goal changed")
        return []

    return then


def _goal(record: Record, user: User, cleared: set[str]) -> Goal:
    planned = (record.text("scheduleDays") or "").split(",")
    days = week_order(part.strip().capitalize() for part in planned)
    return Goal(
        id=record.id,
        user_id=user.id,
        name=record.text("name") or NAMELESS_GOAL,
        description=record.text("description"),
        status=STATUSES.get(record.text("status") or "", GoalStatus.ACTIVE),
        schedule_days=days if days or record.id in cleared else None,
        completed_on=None,
        created_at=record.created,
    )
