"""Personal goals: listing, adding, changing, deleting."""

from collections.abc import Sequence

from msgspec import UnsetType, structs

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.tracking.model import Goal, GoalChange, GoalStatus
from api._lib.tracking.rules import MAX_ACTIVE_GOALS, changed_goal, unknown_days, week_order
from api._lib.tracking.service.recording import deleted, named, upserted
from api._lib.tracking.store import goals as store
from api._lib.tracking.store import people

GOAL = EntityType.PERSONAL_GOAL
LISTED = (GoalStatus.ACTIVE, GoalStatus.ACHIEVED)


async def goals_of(ctx: Context, user: User, with_achieved: bool = False) -> Sequence[Goal]:
    """The goals a user pursues, oldest first, and on request those achieved."""
    return await store.of_user(ctx.db, user.id, LISTED if with_achieved else LISTED[:1])


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
    async with ctx.db.transaction() as tx:
        await people.lock(tx, user.id)
        await _check_limit(tx, user)
        goal = await store.add(tx, user.id, name, description or None, days)
        await _announce(tx, user, goal)
        return goal


async def change_goal(ctx: Context, user: User, goal_id: str, change: GoalChange) -> Goal:
    """Change a goal; deleting it here is the same as `delete_goal` (T20).

    Raises a 404 for a goal that is not the user's own or was deleted, and a 400 when it would be
    one too many.
    """
    change = checked(change)
    async with ctx.db.transaction() as tx:
        await people.lock(tx, user.id)
        goal = await store.find(tx, user.id, goal_id)
        if goal is None or goal.status not in LISTED:
            raise not_found()
        changed = changed_goal(goal, change, ctx.today(user))
        if changed.status is GoalStatus.ACTIVE and goal.status is not GoalStatus.ACTIVE:
            await _check_limit(tx, user)
        await _save(tx, user, goal, changed)
        return changed


async def delete_goal(ctx: Context, user: User, goal_id: str) -> None:
    """Delete a goal and keep its completions; deleting it again changes nothing (T19)."""
    async with ctx.db.transaction() as tx:
        await people.lock(tx, user.id)
        goal = await store.find(tx, user.id, goal_id)
        if goal is None or goal.status is GoalStatus.ARCHIVED:
            raise not_found()
        await _save(tx, user, goal, structs.replace(goal, status=GoalStatus.DELETED))


async def _check_limit(tx: Transaction, user: User) -> None:
    if await store.count_active(tx, user.id) >= MAX_ACTIVE_GOALS:
        raise bad_request("goals_limit", limit=MAX_ACTIVE_GOALS)


async def _save(tx: Transaction, user: User, goal: Goal, changed: Goal) -> None:
    if changed != goal:
        await store.save(tx, changed)
        await _announce(tx, user, changed)


async def _announce(tx: Transaction, user: User, goal: Goal) -> None:
    await notifications.mark_for_planning(tx, user.id, "goal changed")  # T23
    tell = deleted if goal.status is GoalStatus.DELETED else upserted
    await enqueue(tx, [tell(GOAL, goal.id, user)])


def checked(change: GoalChange) -> GoalChange:
    """A change with its texts and days in order; raises a 400."""
    if change == GoalChange():
        raise bad_request("nothing_to_change")
    if not isinstance(change.name, UnsetType):
        change = structs.replace(change, name=named(change.name))
    days = change.schedule_days
    if isinstance(days, UnsetType) or days is None:
        return change
    return structs.replace(change, schedule_days=week(days))


def week(days: Sequence[str]) -> list[str]:
    """Days of the week without repeats, Monday first; raises a 400 for others."""
    if unknown := unknown_days(days):
        raise bad_request("days_unknown", days=", ".join(unknown))
    return week_order(days)
