"""The first fill: everything Airtable holds, in the order of what needs what (data model 11.11)."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial

from msgspec import Struct

from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import ENTITY_OF_TABLE
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.rewards import service as rewards
from api._lib.sync.gates import claim_run, end_run, read_gate
from api._lib.sync.inbound import content_store
from api._lib.sync.inbound.activity import ACTIVITIES, Progress, import_activity
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.inbound.activity_records import read_activity
from api._lib.sync.inbound.content_tables import REFERENCE, TRANSLATIONS, ContentTable
from api._lib.sync.inbound.listing import BusyError, list_content, listed
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.people import list_people
from api._lib.sync.inbound.people_store import known_ids
from api._lib.sync.schedule import Poll

PEOPLE = "user"
REWARDS = "rewards"


class Step(Struct, frozen=True):
    """One kind of records: how to fill it, and how to see what would be new."""

    name: str
    fill: Callable[[Progress], Awaitable[Outcome | None]]
    look: Callable[[], Awaitable[Outcome]]


def steps(ctx: Context, patience: float, confirmed: Collection[str] = ()) -> list[Step]:
    """All steps in their order; `confirmed` names tables whose removals an operator wants.

    For a table that a worker is reading just now they wait for `patience` seconds.
    """
    tables = (*REFERENCE, TRANSLATIONS)
    content = [_content(ctx, table, patience, table.name in confirmed) for table in tables]
    activities = [
        _activity(ctx, activity, patience, activity.entity.table.key in confirmed)
        for activity in ACTIVITIES.values()
    ]
    people = _people(ctx, patience, USERS.key in confirmed)
    return [*content, people, *activities, _rewards(ctx)]


def kinds() -> list[str]:
    """Names of all steps in their order."""
    tables = [table.name for table in (*REFERENCE, TRANSLATIONS)]
    return [*tables, PEOPLE, *(str(kind) for kind in ACTIVITIES), REWARDS]


def kind_of(table: str) -> str:
    """The kind whose records stand in a table."""
    entity = ENTITY_OF_TABLE.get(table)
    return str(entity.type) if entity else table


async def fill(ctx: Context, step: Step, progress: Progress) -> Outcome:
    """Do a step and remember how it ended; raises BusyError, or what the step raises."""
    gate = f"backfill:{step.name}"
    try:
        outcome = await step.fill(progress)
    except Exception as error:
        await end_run(ctx.db, gate, f"{type(error).__name__}: {error}")
        raise
    if outcome is None:
        raise BusyError(step.name)
    await end_run(ctx.db, gate, outcome.warning, outcome.counts(), outcome.failed)
    return outcome


async def is_filled(ctx: Context, step: Step) -> bool:
    """Whether a step once succeeded."""
    gate = await read_gate(ctx.db, f"backfill:{step.name}")
    return gate is not None and gate.last_ok_at is not None


async def keep_polls_away(ctx: Context) -> None:
    """Count a whole fill as the full listing it is, so that no worker begins another."""
    for poll in (Poll.FULL, Poll.TRANSLATIONS, Poll.TRACKING, Poll.USERS):
        await claim_run(ctx.db, poll, 0.0)


async def note_complete(ctx: Context) -> None:
    """Tell health that everything was read."""
    await end_run(ctx.db, Poll.FULL)


def _content(ctx: Context, table: ContentTable, patience: float, confirmed: bool) -> Step:
    async def run(progress: Progress) -> Outcome | None:
        return await list_content(ctx, table, confirmed=confirmed, patience=patience)

    return Step(table.name, run, partial(_look_at_content, ctx, table))


def _people(ctx: Context, patience: float, confirmed: bool) -> Step:
    async def run(progress: Progress) -> Outcome | None:
        listing = partial(list_people, ctx, confirmed)
        return await listed(ctx, USERS.key, listing, patience=patience)

    return Step(PEOPLE, run, partial(_look_at_people, ctx))


def _activity(ctx: Context, activity: Activity, patience: float, confirmed: bool) -> Step:
    async def run(progress: Progress) -> Outcome | None:
        listing = partial(import_activity, ctx, activity, progress, confirmed)
        name = activity.entity.table.key
        return await listed(ctx, name, listing, patience=patience)

    return Step(activity.type, run, partial(_look_at_activity, ctx, activity))


def _rewards(ctx: Context) -> Step:
    """Count everybody's rewards from what was filled in."""

    async def run(progress: Progress) -> Outcome | None:
        async with rewards.alone(ctx.db) as first:
            return await _recount(ctx, progress) if first else None

    async def look() -> Outcome:
        return Outcome(read=await rewards.count_people(ctx.db))

    return Step(REWARDS, run, look)


async def _recount(ctx: Context, progress: Progress) -> Outcome:
    outcome, total, now = Outcome(), await rewards.count_people(ctx.db), ctx.clock.now()
    zone = ctx.settings.notification_default_timezone
    async for person in rewards.people(ctx.db, now, zone):
        outcome.read += 1
        if await rewards.recalculate(ctx.db, person, now):
            outcome.updated += 1
        else:
            outcome.unchanged += 1
        progress(outcome.read, total)
    return outcome


async def _look_at_content(ctx: Context, table: ContentTable) -> Outcome:
    records = await ctx.airtable.listing(table.table, Lane.INBOUND, fields=_first(table))
    known = await content_store.known_records(ctx.db, table)
    return _seen([record.id for record in records], known)


async def _look_at_people(ctx: Context) -> Outcome:
    one_field = [USERS.field("name").key]
    records = await ctx.airtable.listing(USERS, Lane.INBOUND, fields=one_field)
    ids = [record.id for record in records]
    return _seen(ids, await known_ids(ctx.db, ids))


async def _look_at_activity(ctx: Context, activity: Activity) -> Outcome:
    records, _ = await read_activity(ctx, activity)
    rows = await ctx.db.fetch(
        "SELECT airtable_record_id::text AS id FROM airtable_links WHERE entity_type = $1",
        activity.type,
    )
    return _seen([record.id for record in records], {row["id"] for row in rows})


def _first(table: ContentTable) -> list[str]:
    return [table.table.fields[0].key]


def _seen(ids: Sequence[str], known: Collection[str]) -> Outcome:
    old = sum(record_id in known for record_id in ids)
    return Outcome(read=len(ids), inserted=len(ids) - old, unchanged=old)
