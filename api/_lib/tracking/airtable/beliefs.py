"""Completing beliefs in Airtable: those of the catalogue, and those people wrote themselves."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from api._lib.airtable import store as links
from api._lib.airtable.entities import EntityType
from api._lib.airtable.personal import BELIEF_USAGES, PERSONAL_BELIEFS
from api._lib.airtable.records import Record, oldest_first
from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, not_found
from api._lib.outbox import Event
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity, Entry, Kind
from api._lib.tracking.airtable.places import place
from api._lib.tracking.airtable.writing import (
    Then,
    check_known,
    counting,
    forget,
    mirror,
    same_id,
)
from api._lib.tracking.model import BeliefChange, BeliefStatus, PersonalBelief, Recorded
from api._lib.tracking.rules import MAX_PERSONAL_BELIEFS, changed_belief
from api._lib.tracking.service.beliefs import checked
from api._lib.tracking.service.recording import check_day, named
from api._lib.tracking.store import mirrors
from api._lib.wire import as_uuid

COMPLETION = EntityType.OVERTUIGING_USAGE
PERSONAL = EntityType.PERSOONLIJKE_OVERTUIGING


async def completed_beliefs(ctx: Context, user: User) -> Sequence[str]:
    """Ids of the beliefs a user ever completed."""
    done = await ctx.tables.scan(BELIEF_USAGES)
    mine = (usage.link("overtuiging") for usage in done if usage.belongs_to(user.id))
    return sorted({belief for belief in mine if belief})


async def complete_belief(
    ctx: Context, user: User, belief_id: str, day: date, program_id: str | None = None
) -> Recorded:
    """Complete a belief, which counts once ever.

    Raises a 400 for a day outside the window and a 404 for a belief or program that is unknown
    or another person's.
    """
    check_day(ctx, day)
    where = await place(ctx, user, program_id, None)
    await check_known(ctx, content.BELIEFS, belief_id)
    async with ctx.turns.of(user.id):
        done = await _of_belief(ctx, user, belief_id)
        if done:
            return Recorded(done[0].id, points=0, is_new=False)
        values = {
            "user": [user.id],
            "overtuiging": [belief_id],
            "program": [where.program] if where.program else [],
            "date": day,
        }
        app_id = same_id("belief", user.id, belief_id)
        usage = await ctx.tables.create(BELIEF_USAGES, app_id, values)
        entry = Entry(Kind.BELIEF, belief_id, rewards.BELIEF_POINTS, where.program_id, day)
        then = counting(ctx, user, Activity(day, entry))
        await mirror(ctx, user, COMPLETION, usage, is_new=True, then=then)
        return Recorded(usage.id, rewards.BELIEF_POINTS, is_new=True)


async def personal_beliefs_of(ctx: Context, user: User) -> Sequence[PersonalBelief]:
    """The user's own beliefs, finished ones included, oldest first."""
    return [_belief(record, user) for record in oldest_first(await own_personal_beliefs(ctx, user))]


async def add_personal_belief(
    ctx: Context, user: User, name: str, program_id: str | None = None
) -> PersonalBelief:
    """Add an own belief; raises a 400 at the limit and a 404 for a program not one's own."""
    name = named(name)
    where = await place(ctx, user, program_id, None)
    async with ctx.turns.of(user.id):
        if len(await own_personal_beliefs(ctx, user)) >= MAX_PERSONAL_BELIEFS:
            raise bad_request("beliefs_limit", limit=MAX_PERSONAL_BELIEFS)
        values = new_belief(user, name, where.program)
        record = await ctx.tables.create(PERSONAL_BELIEFS, uuid4(), values)
        await mirror(ctx, user, PERSONAL, record, is_new=True)
    return _belief(record, user)


async def change_personal_belief(
    ctx: Context, user: User, belief_id: str, change: BeliefChange
) -> PersonalBelief:
    """Rename, finish or reopen an own belief; finishing pays once ever (T12).

    Raises a 404 for a belief that is not the user's own or was deleted (T18).
    """
    change = checked(change)
    async with ctx.turns.of(user.id):
        found = await _found(ctx, user, belief_id)
        if found is None:
            raise not_found()
        belief = _belief(found, user)
        changed = changed_belief(belief, change, ctx.today(user))
        if changed != belief:
            # What was read may be a minute old, so only what this request changes is written.
            before, after = _cells(belief), _cells(changed)
            values = {name: value for name, value in after.items() if value != before[name]}
            record = await ctx.tables.change(PERSONAL_BELIEFS, found.id, values)
            if record is None:
                raise not_found()
            then = _counting(ctx, user, record.id, belief, changed)
            await mirror(ctx, user, PERSONAL, record, is_new=False, then=then)
        return changed


async def delete_personal_belief(ctx: Context, user: User, belief_id: str) -> None:
    """Delete an own belief and keep its point; deleting it again changes nothing."""
    async with ctx.turns.of(user.id):
        found = await _found(ctx, user, belief_id)
        if found is not None:
            await ctx.tables.remove(PERSONAL_BELIEFS, [found.id])
            await forget(ctx, user, PERSONAL, found.id)
        elif not await mirrors.was_deleted(ctx.db, user.id, as_uuid(belief_id), belief_id):
            raise not_found()


def new_belief(user: User, name: str, program: str | None) -> dict[str, object]:
    """The cells of a belief that somebody just wrote."""
    return {
        "name": name,
        "user": [user.id],
        "program": [program] if program else [],
        "status": BeliefStatus.ACTIVE,
    }


def _cells(belief: PersonalBelief) -> dict[str, object]:
    return {
        "name": belief.name,
        "status": belief.status,
        "completedDate": belief.completed_on,
    }


async def _of_belief(ctx: Context, user: User, belief_id: str) -> list[Record]:
    done = await ctx.tables.scan(BELIEF_USAGES)
    mine = (usage for usage in done if usage.belongs_to(user.id))
    return oldest_first(usage for usage in mine if usage.link("overtuiging") == belief_id)


async def own_personal_beliefs(ctx: Context, user: User) -> list[Record]:
    """A person's own beliefs but the deleted and the nameless ones."""
    beliefs = await ctx.tables.scan(PERSONAL_BELIEFS)
    return [
        belief
        for belief in beliefs
        if belief.belongs_to(user.id)
        and belief.text("name")
        and belief.text("status") != BeliefStatus.DELETED
    ]


async def _found(ctx: Context, user: User, belief_id: str) -> Record | None:
    return await ctx.tables.find(PERSONAL, await own_personal_beliefs(ctx, user), belief_id)


def _counting(
    ctx: Context, user: User, record_id: str, before: PersonalBelief, after: PersonalBelief
) -> Then:
    """The point of a belief that was just finished."""

    async def then(tx: Transaction) -> list[Event]:
        finished = BeliefStatus.FINISHED
        row: UUID | None = await links.row_id(tx, PERSONAL, record_id)
        if row is None or after.status is not finished or before.status is finished:
            return []
        today = ctx.today(user)
        program = None
        if isinstance(after.program_id, str):
            program = await links.row_id(tx, EntityType.PROGRAM, after.program_id)
        entry = Entry(Kind.PERSONAL_BELIEF, str(row), rewards.BELIEF_POINTS, program, today)
        return await rewards.count(tx, user.id, today, Activity(today, entry))

    return then


def _belief(record: Record, user: User) -> PersonalBelief:
    status = record.text("status")
    finished = status == BeliefStatus.FINISHED
    return PersonalBelief(
        id=record.id,
        user_id=user.id,
        name=record.text("name") or "",
        program_id=record.link("program"),
        status=BeliefStatus.FINISHED if finished else BeliefStatus.ACTIVE,
        completed_on=(record.day("completedDate") or record.created.date()) if finished else None,
        created_at=record.created,
    )
