"""Completing beliefs: those of the catalogue, and those people wrote themselves."""

from collections.abc import Sequence
from datetime import date

from msgspec import UnsetType, structs

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, not_found
from api._lib.outbox import Event, enqueue
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity, Entry, Kind
from api._lib.tracking.model import BeliefChange, BeliefStatus, PersonalBelief, Recorded
from api._lib.tracking.rules import MAX_PERSONAL_BELIEFS, changed_belief
from api._lib.tracking.service.recording import check_day, deleted, named, upserted
from api._lib.tracking.store import beliefs, people, personal_beliefs, programs

COMPLETION = EntityType.OVERTUIGING_USAGE
PERSONAL = EntityType.PERSOONLIJKE_OVERTUIGING


async def completed_beliefs(ctx: Context, user: User) -> Sequence[str]:
    """Ids of the beliefs a user ever completed."""
    return await beliefs.completed(ctx.db, user.id)


async def complete_belief(
    ctx: Context, user: User, belief_id: str, day: date, program_id: str | None = None
) -> Recorded:
    """Complete a belief, which counts once ever.

    Raises a 400 for a day outside the window and a 404 for a belief or program that is unknown
    or another person's.
    """
    check_day(ctx, day)
    async with ctx.db.transaction() as tx:
        place = await programs.place(tx, user.id, program_id, None)
        if place is None:
            raise not_found()
        await rewards.lock(tx, user.id)
        done = await beliefs.complete(tx, user.id, belief_id, place.program_id, day)
        if done is None:
            raise not_found()
        if not done.is_new:
            return Recorded(done.id, points=0, is_new=False)
        entry = Entry(Kind.BELIEF, belief_id, rewards.BELIEF_POINTS, place.program_id, day)
        events = await rewards.count(tx, user.id, ctx.today(user), Activity(day, entry))
        await enqueue(tx, [upserted(COMPLETION, done.id, user), *events])
        return Recorded(done.id, rewards.BELIEF_POINTS, is_new=True)


async def personal_beliefs_of(ctx: Context, user: User) -> Sequence[PersonalBelief]:
    """The user's own beliefs, finished ones included, oldest first."""
    return await personal_beliefs.of_user(ctx.db, user.id)


async def add_personal_belief(
    ctx: Context, user: User, name: str, program_id: str | None = None
) -> PersonalBelief:
    """Add an own belief; raises a 400 at the limit and a 404 for a program not one's own."""
    name = named(name)
    async with ctx.db.transaction() as tx:
        await people.lock(tx, user.id)
        place = await programs.place(tx, user.id, program_id, None)
        if place is None:
            raise not_found()
        if await personal_beliefs.count(tx, user.id) >= MAX_PERSONAL_BELIEFS:
            raise bad_request("beliefs_limit", limit=MAX_PERSONAL_BELIEFS)
        belief = await personal_beliefs.add(tx, user.id, name, place.program_id)
        await enqueue(tx, [upserted(PERSONAL, belief.id, user)])
        return belief


async def change_personal_belief(
    ctx: Context, user: User, belief_id: str, change: BeliefChange
) -> PersonalBelief:
    """Rename, finish or reopen an own belief; finishing pays once ever (T12).

    Raises a 404 for a belief that is not the user's own or was deleted (T18).
    """
    change = checked(change)
    async with ctx.db.transaction() as tx:
        await rewards.lock(tx, user.id)
        belief = await personal_beliefs.find(tx, user.id, belief_id)
        if belief is None or belief.status is BeliefStatus.DELETED:
            raise not_found()
        changed = changed_belief(belief, change, ctx.today(user))
        if changed != belief:
            await personal_beliefs.save(tx, changed)
            events = await _count(tx, ctx, user, belief, changed)
            await enqueue(tx, [upserted(PERSONAL, belief.id, user), *events])
        return changed


async def delete_personal_belief(ctx: Context, user: User, belief_id: str) -> None:
    """Delete an own belief and keep its point; deleting it again changes nothing."""
    async with ctx.db.transaction() as tx:
        await people.lock(tx, user.id)
        belief = await personal_beliefs.find(tx, user.id, belief_id)
        if belief is None:
            raise not_found()
        if belief.status is not BeliefStatus.DELETED:
            gone = structs.replace(belief, status=BeliefStatus.DELETED)
            await personal_beliefs.save(tx, gone)
            await enqueue(tx, [deleted(PERSONAL, belief.id, user)])


async def _count(
    tx: Transaction, ctx: Context, user: User, before: PersonalBelief, after: PersonalBelief
) -> list[Event]:
    finished = BeliefStatus.FINISHED
    if after.status is not finished or before.status is finished:
        return []
    today = ctx.today(user)
    entry = Entry(
        Kind.PERSONAL_BELIEF, str(after.id), rewards.BELIEF_POINTS, after.program_id, today
    )
    return await rewards.count(tx, user.id, today, Activity(today, entry))


def checked(change: BeliefChange) -> BeliefChange:
    """A change with its name in order; raises a 400."""
    if change == BeliefChange():
        raise bad_request("nothing_to_change")
    if isinstance(change.name, UnsetType):
        return change
    return structs.replace(change, name=named(change.name))
