"""Telling a person, once, what their activities brought; nothing is granted here (R1)."""

from datetime import timedelta

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, conflict, not_found
from api._lib.rewards import store
from api._lib.rewards.model import Announcement, Standing
from api._lib.rewards.rules import milestones
from api._lib.rewards.service.engine import lock
from api._lib.rewards.service.standing import read, standing
from api._lib.wire import as_uuid

__all__ = [
    "announce",
    "announce_milestone",
    "milestone_news",
    "standing",
    "tell",
    "tell_milestone",
]

TOLD_WITHIN = timedelta(minutes=10)
"""A method completion older than this is no longer part of the award call's answer."""


class Told(Struct, frozen=True):
    """A milestone, and its points when nobody was told before."""

    threshold: int
    points: int | None


async def announce(ctx: Context, user: User, method_id: str | None) -> Announcement:
    """Tell what a method completion brought, once; nothing is granted here (R1)."""
    async with ctx.db.transaction() as tx:
        told = await _tell(tx, ctx, user, method_id)
        now = (await read(tx, ctx, user))[0]
        return Announcement(now, told.points, told.badges, told.level_up)


async def tell(ctx: Context, user: User, method_id: str | None) -> store.Told:
    """The same without a look at where the person stands."""
    async with ctx.db.transaction() as tx:
        return await _tell(tx, ctx, user, method_id)


async def announce_milestone(
    ctx: Context, user: User, program_id: str | None, milestone: float | None
) -> Announcement:
    """Tell that a milestone was reached, once; told again it brings no points.

    Raises a 400 for a claim that cannot be, a 404 for a program that is not the user's own, and
    a 409 when the milestone was not reached.
    """
    claim = _checked(program_id, milestone)
    async with ctx.db.transaction() as tx:
        told = await _tell_milestone(tx, ctx, user, claim)
        now = (await read(tx, ctx, user))[0]
    return milestone_news(now, told)


async def tell_milestone(
    ctx: Context, user: User, program_id: str | None, milestone: float | None
) -> Told:
    """The same without a look at where the person stands."""
    claim = _checked(program_id, milestone)
    async with ctx.db.transaction() as tx:
        return await _tell_milestone(tx, ctx, user, claim)


def milestone_news(now: Standing, told: Told) -> Announcement:
    """What is answered; a milestone told before is no news."""
    if told.points is None:
        return Announcement(now)
    return Announcement(now, told.points, milestone=told.threshold)


def _checked(program_id: str | None, milestone: float | None) -> tuple[str, int]:
    if program_id is None:
        raise bad_request("field_required", field="programId")
    if milestone not in milestones.POINTS:
        raise bad_request("field_invalid", field="milestone")
    return program_id, int(milestone)


async def _tell(tx: Transaction, ctx: Context, user: User, method_id: str | None) -> store.Told:
    await lock(tx, user.id)
    return await store.announce(tx, user.id, method_id, ctx.now - TOLD_WITHIN, ctx.now)


async def _tell_milestone(
    tx: Transaction, ctx: Context, user: User, claim: tuple[str, int]
) -> Told:
    program_id, threshold = claim
    await lock(tx, user.id)
    found = await store.announce_milestone(
        tx, user.id, (as_uuid(program_id), program_id), threshold, ctx.now
    )
    if not found.known:
        raise not_found()
    if not found.reached:
        raise conflict("milestone_not_reached")
    return Told(threshold, found.points)
