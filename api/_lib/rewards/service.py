"""Use cases of the rewards: recount after an activity, look, tell what is new, recalculate."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import structs

from api._lib.airtable.entities import EntityType
from api._lib.backend import rewards_are_sent
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, conflict, not_found
from api._lib.outbox import Event
from api._lib.rewards import store
from api._lib.rewards.model import (
    Account,
    Activity,
    Announcement,
    Entry,
    Inactivity,
    Kind,
    Standing,
)
from api._lib.rewards.rules import milestones
from api._lib.rewards.rules.points import BELIEF_POINTS, HABIT_POINTS, PERSONAL_GOAL_POINTS
from api._lib.rewards.rules.settlement import current_standing, settle
from api._lib.wire import as_uuid

__all__ = [
    "BELIEF_POINTS",
    "HABIT_POINTS",
    "PERSONAL_GOAL_POINTS",
    "announce",
    "announce_milestone",
    "count",
    "lock",
    "open_account",
    "recount",
    "standing",
]

TOLD_WITHIN = timedelta(minutes=10)
"""A method completion older than this is no longer part of the award call's answer."""


async def open_account(tx: Transaction, user_id: str) -> None:
    """Give a new user a rewards row; every transaction that makes a user calls this."""
    await store.open_account(tx, user_id)


async def lock(tx: Transaction, user_id: str) -> None:
    """Hold a user's rewards: before anything is recorded, and before a program or its sessions go.

    Rows are locked in the order user, program, rewards; take the others first.
    """
    if not await store.lock(tx, user_id):
        await store.open_account(tx, user_id)
        await store.lock(tx, user_id)


async def recount(tx: Transaction, user_id: str, today: date) -> list[Event]:
    """Recount a user's rewards after something was removed; enqueue the events it returns."""
    await lock(tx, user_id)
    return await count(tx, user_id, today)


async def count(
    tx: Transaction,
    user_id: str,
    today: date,
    activity: Activity | None = None,
    announced_at: datetime | None = None,
) -> list[Event]:
    """Recount after an activity, while holding `lock`; enqueue the events it returns."""
    activity = activity or Activity()
    facts = await store.count(tx, user_id, today, activity)
    result = settle(facts, today, activity)
    if result.account == facts.account and not result.entries:
        return []
    await store.write(tx, user_id, result.account, result.entries, announced_at)
    return _events(tx, user_id, facts.account, result.account, result.entries)


async def standing(ctx: Context, user: User) -> tuple[Standing, Inactivity | None]:
    """Where a user stands right now, without writing anything (R16)."""
    today = ctx.today(user)
    return current_standing(await store.read(ctx.db, user.id, today), today)


async def announce(ctx: Context, user: User, method_id: str | None) -> Announcement:
    """Tell what a method completion brought, once; nothing is granted here (R1)."""
    async with ctx.db.transaction() as tx:
        await lock(tx, user.id)
        told = await store.announce(tx, user.id, method_id, ctx.now - TOLD_WITHIN, ctx.now)
        now = await _standing(tx, ctx, user)
        return Announcement(now, told.points, told.badges, told.level_up)


async def announce_milestone(
    ctx: Context, user: User, program_id: str | None, milestone: float | None
) -> Announcement:
    """Tell that a milestone was reached, once; told again it brings no points.

    Raises a 400 for a claim that cannot be, a 404 for a program that is not the user's own, and
    a 409 when the milestone was not reached.
    """
    if program_id is None:
        raise bad_request("field_required", field="programId")
    if milestone not in milestones.POINTS:
        raise bad_request("field_invalid", field="milestone")
    threshold = int(milestone)
    async with ctx.db.transaction() as tx:
        await lock(tx, user.id)
        claim = await store.announce_milestone(
            tx, user.id, (as_uuid(program_id), program_id), threshold, ctx.now
        )
        if not claim.known:
            raise not_found()
        if not claim.reached:
            raise conflict("milestone_not_reached")
        now = await _standing(tx, ctx, user)
    if claim.points is None:
        return Announcement(now)
    return Announcement(now, claim.points, milestone=threshold)


async def _standing(tx: Transaction, ctx: Context, user: User) -> Standing:
    today = ctx.today(user)
    return current_standing(await store.read(tx, user.id, today), today)[0]


def _events(
    tx: Transaction, user_id: str, before: Account, after: Account, entries: Sequence[Entry]
) -> list[Event]:
    """A user event when a mirrored value changed, a program event per program with a milestone."""
    if not rewards_are_sent(tx.settings):
        return []
    programs = {e.program_id for e in entries if e.kind is Kind.MILESTONE}
    events = [_program_event(user_id, program) for program in programs if program]
    fields = _changed_fields(before, after, entries)
    if fields:
        events.append(
            Event(
                entity_type=EntityType.USER,
                entity_id=user_id,
                user_id=user_id,
                changed_fields=fields,
                priority=10,
            )
        )
    return events


def _program_event(user_id: str, program_id: UUID) -> Event:
    return Event(
        entity_type=EntityType.PROGRAM,
        entity_id=program_id,
        user_id=user_id,
        changed_fields=("milestones",),
        priority=30,
    )


def _changed_fields(before: Account, after: Account, entries: Sequence[Entry]) -> list[str]:
    fields = [
        name
        for name, value in structs.asdict(after).items()
        if value != getattr(before, name) and name != "streak_anchor_on"
    ]
    return [*fields, "badges"] if any(e.kind is Kind.BADGE for e in entries) else fields
