"""Reading activity: programs, sessions, goals, beliefs and completions that stand in Airtable."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, structs

from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.schema import check_schema, known_schema
from api._lib.backend import ENTITY_FLAGS, SENDING, lives_in_airtable
from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.sync.gates import read_gate
from api._lib.sync.inbound import activity_personal as personal
from api._lib.sync.inbound import activity_programs as programs
from api._lib.sync.inbound.activity_apply import Applied, Batch, apply_activity
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.inbound.activity_records import (
    app_ids_of,
    keys_of,
    oldest_first,
    read_activity,
)
from api._lib.sync.inbound.activity_removal import missing_records, remove_records
from api._lib.sync.inbound.guard import is_suspicious
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.poison import POISON
from api._lib.sync.inbound.reading import started

log = logging.getLogger(__name__)

BATCH = 500
MOST_PROBLEMS = 20

ACTIVITIES: dict[EntityType, Activity] = {
    activity.type: activity
    for activity in (
        programs.PROGRAM,
        programs.PROGRAM_SCHEDULE,
        personal.PERSONAL_GOAL,
        personal.PERSOONLIJKE_OVERTUIGING,
        programs.METHOD_USAGE,
        personal.GOEDE_GEWOONTE_USAGE,
        personal.PERSONAL_GOAL_USAGE,
        personal.OVERTUIGING_USAGE,
    )
}
"""What people do, parents before their children."""

Progress = Callable[[int, int], None]
"""Told how many records of how many are stored."""


class Imported(Struct, frozen=True):
    """What came of an import, and whom it concerns."""

    outcome: Outcome
    written: Sequence[str] = ()
    """Records whose rows are new or differed."""
    bereaved: frozenset[str] = frozenset()
    """People who lost rows."""


async def import_activity(
    ctx: Context,
    activity: Activity,
    progress: Progress = lambda done, total: None,
    confirmed: bool = False,
) -> Outcome:
    """Store all records of a kind in batches; raises AirtableError before the first one."""
    return (await follow_listing(ctx, activity, progress, confirmed)).outcome


async def follow_listing(
    ctx: Context,
    activity: Activity,
    progress: Progress = lambda done, total: None,
    confirmed: bool = False,
) -> Imported:
    """The same; where Airtable owns the records, rows without one go, within limits.

    Batches keep locks short, for requests write these rows too. Nobody sees half a table: while
    Airtable owns it, answers come from there.
    """
    at = await started(ctx.db)
    records, app_ids = await read_activity(ctx, activity)
    batch = await _frame(ctx, activity, app_ids, at)
    found = await _in_batches(ctx, activity, batch, records, progress)
    if not batch.is_owner:
        return found
    ids = [record.id for record in records]
    gone = await _missing(ctx, activity, ids, at, confirmed, found.outcome)
    return await _without(ctx, activity, found, gone)


async def follow_changes(
    ctx: Context, activity: Activity, changed: Sequence[str], destroyed: Sequence[str]
) -> Imported:
    """Let rows be as the records that a webhook named are now; raises AirtableError."""
    at = await started(ctx.db)
    table = activity.entity.table
    schema = await known_schema(ctx.db) or await check_schema(ctx.airtable, ctx.db, Lane.OUTBOX)
    wanted = [*dict.fromkeys([*changed, *destroyed])]
    records = await ctx.airtable.records(table, wanted, Lane.OUTBOX, keys_of(table, schema))
    batch = await _frame(ctx, activity, app_ids_of(activity, records, schema), at)
    found = await _in_batches(ctx, activity, batch, oldest_first(records))
    gone = sorted(set(destroyed) - {record.id for record in records})
    return await _without(ctx, activity, found, gone)


async def store_records(ctx: Context, activity: Activity, batch: Batch) -> Applied:
    """Store a batch; when the database refuses a record, find it by halving (N8)."""
    try:
        return await ctx.db.run(lambda tx: apply_activity(tx, activity, batch))
    except POISON as error:
        if len(batch.records) == 1:
            applied = Applied()
            applied.outcome.read = 1
            applied.reject(batch.records[0].id, type(error).__name__)
            return applied
    middle = len(batch.records) // 2
    first = await store_records(
        ctx, activity, structs.replace(batch, records=batch.records[:middle])
    )
    second = await store_records(
        ctx, activity, structs.replace(batch, records=batch.records[middle:])
    )
    first.add(second)
    return first


async def _in_batches(
    ctx: Context,
    activity: Activity,
    batch: Batch,
    records: Sequence[RemoteRecord],
    progress: Progress = lambda done, total: None,
) -> Imported:
    applied = Applied()
    for start in range(0, len(records), BATCH):
        part = structs.replace(batch, records=records[start : start + BATCH])
        applied.add(await store_records(ctx, activity, part))
        progress(applied.outcome.read, len(records))
    _report(activity, applied.problems)
    return Imported(applied.outcome, applied.written)


async def _missing(
    ctx: Context,
    activity: Activity,
    ids: Sequence[str],
    at: datetime,
    confirmed: bool,
    outcome: Outcome,
) -> list[str]:
    """Records that a complete listing lacks; none while so many look like a mistake (N8)."""
    missing, known = await missing_records(ctx.db, activity, ids, at)
    if confirmed or not is_suspicious(len(missing), known, is_empty=not ids):
        return missing
    outcome.warning = "removals refused"
    facts = {"table": activity.entity.table.key, "reason": outcome.warning}
    log.error("an operator must confirm what is missing", extra=facts)
    return []


async def _without(
    ctx: Context, activity: Activity, found: Imported, record_ids: Sequence[str]
) -> Imported:
    if not record_ids:
        return found
    owners = await ctx.db.run(lambda tx: remove_records(tx, activity, record_ids, on_purpose=False))
    found.outcome.removed = len(record_ids)
    return structs.replace(found, bereaved=frozenset(owners))


async def _frame(ctx: Context, activity: Activity, app_ids: dict[str, UUID], at: datetime) -> Batch:
    """How records of a kind are to be taken.

    Until the first fill of a kind is complete, what was never touched here follows Airtable.
    """
    mode = ctx.settings.backends[ENTITY_FLAGS[activity.type]]
    gate = await read_gate(ctx.db, f"backfill:{activity.type}")
    is_first = gate is None or gate.last_ok_at is None
    return Batch(
        records=(),
        app_ids=app_ids,
        read_at=at,
        today=local_day(ctx.clock.now(), ctx.settings.notification_default_timezone),
        table_id=ctx.airtable.table_id(activity.entity.table),
        overwrites=is_first and mode in SENDING,
        is_owner=lives_in_airtable(ctx.settings, activity.type),
    )


def _report(activity: Activity, problems: dict[str, list[str]]) -> None:
    for record_id, found in list(problems.items())[:MOST_PROBLEMS]:
        facts = {"entityType": activity.type, "record": record_id, "problems": found}
        log.warning("a record could not be taken whole", extra=facts)
