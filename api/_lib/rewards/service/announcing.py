"""Telling a person, once, what their activities brought; nothing is granted here (R1)."""

from datetime import timedelta

from api._lib.context import Context, User
from api._lib.errors import bad_request, conflict, not_found
from api._lib.rewards import store
from api._lib.rewards.model import Announcement
from api._lib.rewards.rules import milestones
from api._lib.rewards.service.engine import lock
from api._lib.rewards.service.standing import read
from api._lib.wire import as_uuid

TOLD_WITHIN = timedelta(minutes=10)
"""A method completion older than this is no longer part of the award call's answer."""


async def announce(ctx: Context, user: User, method_id: str | None) -> Announcement:
    """Tell what a method completion brought, once; nothing is granted here (R1)."""
    async with ctx.db.transaction() as tx:
        await lock(tx, user.id)
        told = await store.announce(tx, user.id, method_id, ctx.now - TOLD_WITHIN, ctx.now)
        now = (await read(tx, ctx, user))[0]
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
        now = (await read(tx, ctx, user))[0]
    if claim.points is None:
        return Announcement(now)
    return Announcement(now, claim.points, milestone=threshold)
