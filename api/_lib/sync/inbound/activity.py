"""Reading activity: programs, sessions, goals, beliefs and completions that stand in Airtable."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import structs

from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.model import Table
from api._lib.airtable.schema import Schema, check_schema, known_schema
from api._lib.backend import ENTITY_FLAGS, SENDING
from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.settings import Backend
from api._lib.sync.gates import read_gate
from api._lib.sync.inbound import activity_personal as personal
from api._lib.sync.inbound import activity_programs as programs
from api._lib.sync.inbound.activity_apply import Applied, Batch, apply_activity
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.reading import started
from api._lib.wire import as_uuid

log = logging.getLogger(__name__)

BATCH = 500
MOST_PROBLEMS = 20
POISON = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)

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


async def import_activity(
    ctx: Context, activity: Activity, progress: Progress = lambda done, total: None
) -> Outcome:
    """Store all records of a kind in batches; raises AirtableError before the first one."""
    at = await started(ctx.db)
    records, app_ids = await read_activity(ctx, activity)
    batch = await _frame(ctx, activity, app_ids, at)
    outcome, done = Outcome(), 0
    problems: dict[str, list[str]] = {}
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        applied = await store_records(ctx, activity, structs.replace(batch, records=part))
        outcome.add(applied.outcome)
        problems |= applied.problems
        done += len(part)
        progress(done, len(records))
    _report(activity, problems)
    return outcome


async def read_activity(
    ctx: Context, activity: Activity, lane: Lane = Lane.INBOUND
) -> tuple[list[RemoteRecord], dict[str, UUID]]:
    """All records of a kind, oldest first, with the ids of ours they carry."""
    table = activity.entity.table
    schema = await known_schema(ctx.db) or await check_schema(ctx.airtable, ctx.db, lane)
    app_id = schema.app_id(table)
    keys = [field.key for field in table.fields] + ([app_id] if app_id else [])
    records = await ctx.airtable.listing(table, lane, fields=keys)
    records.sort(key=lambda record: (record.created_time, record.id))
    return records, app_ids_of(activity, records, schema)


def app_ids_of(
    activity: Activity, records: Sequence[RemoteRecord], schema: Schema
) -> dict[str, UUID]:
    """The id of ours in each record that carries one."""
    return app_ids_of_table(activity.entity.table, records, schema)


def app_ids_of_table(
    table: Table, records: Sequence[RemoteRecord], schema: Schema
) -> dict[str, UUID]:
    """The id of ours in each record of a table.

    Where only the name of the field is known, it is the one field the mapping does not know.
    """
    key = schema.app_id(table)
    mapped = {field.key for field in table.fields}
    found = {}
    for record in records:
        named = [key] if key and key != APP_ID else record.fields.keys() - mapped
        texts = (record.fields.get(name) for name in named)
        ids = [uuid for text in texts if isinstance(text, str) and (uuid := as_uuid(text.strip()))]
        if ids:
            found[record.id] = ids[0]
    return found


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
    first.outcome.add(second.outcome)
    return Applied(first.outcome, first.problems | second.problems)


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
        is_owner=mode is Backend.AIRTABLE_ONLY,
    )


def _report(activity: Activity, problems: dict[str, list[str]]) -> None:
    for record_id, found in list(problems.items())[:MOST_PROBLEMS]:
        facts = {"entityType": activity.type, "record": record_id, "problems": found}
        log.warning("a record could not be taken whole", extra=facts)
