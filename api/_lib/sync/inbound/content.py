"""Importing content: read everything first, then store it in one transaction per table (N8)."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from api._lib.airtable.errors import RefusedError
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.sync.inbound.content_apply import (
    Applied,
    Reading,
    apply_changed,
    apply_listing,
    apply_order,
)
from api._lib.sync.inbound.content_rows import Rows, read_rows
from api._lib.sync.inbound.content_tables import ContentTable
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.reading import started
from api._lib.sync.inbound.showing import note_change, show

log = logging.getLogger(__name__)

NO_VIEW = "VIEW_NAME_NOT_FOUND"
MOST_PROBLEMS = 20


async def import_content(ctx: Context, table: ContentTable, confirmed: bool = False) -> Outcome:
    """List a table and let ours be like it; raises AirtableError, and then nothing changed.

    Removals that look like a mistake wait for an operator (`confirmed`).
    """
    at = await started(ctx.db)
    records = await ctx.airtable.listing(table.table, Lane.INBOUND, fields=_keys(table))
    found = _read(table, records)
    reading = Reading(at, found.rows, await _shown(ctx, table, Lane.INBOUND))
    applied = await _in_one(ctx, table, lambda tx: apply_listing(tx, table, reading, confirmed))
    return _outcome(found, applied)


async def import_changed(
    ctx: Context, table: ContentTable, ids: Sequence[str], destroyed: Sequence[str]
) -> Outcome:
    """Take over what a webhook named; deleted records only if they are certainly not there."""
    at = await started(ctx.db)
    wanted = [*dict.fromkeys([*ids, *destroyed])]
    records = await ctx.airtable.records(table.table, wanted, Lane.OUTBOX, _keys(table))
    gone = sorted(set(destroyed) - {record.id for record in records})
    found = _read(table, records)
    reading = Reading(at, found.rows, await _shown(ctx, table, Lane.OUTBOX))
    applied = await _in_one(ctx, table, lambda tx: apply_changed(tx, table, reading, gone))
    return _outcome(found, applied)


async def import_order(ctx: Context, table: ContentTable) -> int:
    """Take over order and visibility of a view alone; how many records moved."""
    shown = await _shown(ctx, table, Lane.INBOUND)
    if shown is None:
        return 0
    async with ctx.db.transaction() as tx:
        moved = await apply_order(tx, table, shown)
        mark = await note_change(tx, table.name) if moved else None
    if mark is not None:
        await show(ctx, table.name, mark)
    return moved


async def _shown(ctx: Context, table: ContentTable, lane: Lane) -> list[str] | None:
    """Ids of the records in the view, in its order; None when there is no such view."""
    if table.table.view is None:
        return None
    one_field = [table.table.fields[0].key]
    try:
        listed = await ctx.airtable.listing(
            table.table, lane, fields=one_field, view=table.table.view
        )
    except RefusedError as error:
        if error.kind != NO_VIEW:
            raise
        log.error("the view is missing, so its order stays", extra={"table": table.name})
        return None
    return [record.id for record in listed]


async def _in_one(
    ctx: Context, table: ContentTable, block: Callable[[Transaction], Awaitable[Applied]]
) -> Applied:
    """Store in one transaction, then let every process forget its lists."""

    async def noted(tx: Transaction) -> tuple[Applied, str | None]:
        applied = await block(tx)
        return applied, await note_change(tx, table.name) if applied.is_visible else None

    applied, mark = await ctx.db.run(noted)
    if mark is not None:
        await show(ctx, table.name, mark)
    if applied.warning:
        facts = {"table": table.name, "reason": applied.warning}
        log.error("an operator must confirm what is missing", extra=facts)
    return applied


def _keys(table: ContentTable) -> list[str]:
    return [field.key for field in table.table.fields]


def _read(table: ContentTable, records: Sequence[RemoteRecord]) -> Rows:
    found = read_rows(table, records)
    for record_id, problems in list(found.problems.items())[:MOST_PROBLEMS]:
        facts = {"table": table.name, "record": record_id, "problems": problems}
        log.warning("a record could not be taken whole", extra=facts)
    return found


def _outcome(found: Rows, applied: Applied) -> Outcome:
    return Outcome(
        read=len(found.rows) + found.rejected,
        inserted=applied.inserted,
        updated=applied.updated,
        unchanged=len(found.rows) - applied.inserted - applied.updated,
        removed=applied.removed,
        failed=found.rejected,
        warning=applied.warning,
    )
