"""Comparing content, which Airtable owns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api._lib.airtable.limiter import Lane
from api._lib.context import Context
from api._lib.db import Queries
from api._lib.sync.inbound.content_rows import Row, read_rows
from api._lib.sync.inbound.content_tables import ContentTable
from api._lib.sync.inbound.reading import started
from api._lib.sync.reconcile.model import Comparison, Kind, Scope


async def compare_content(ctx: Context, table: ContentTable, scope: Scope) -> Comparison:
    """Everything in which our copy of a table is not what Airtable has."""
    read_at = await started(ctx.db)
    keys = [field.key for field in table.table.fields]
    records = await ctx.airtable.listing(table.table, Lane.INBOUND, fields=keys)
    rows = {row.key: row for row in read_rows(table, records).rows}
    ours = await _ours(ctx.db, table)
    lists = await _lists(ctx.db, table)
    result = Comparison(table.name, len(ours), len(records))
    if scope.counts_only:
        return result
    for key, row in rows.items():
        _compare_row(result, table, row, ours.get(key), lists, read_at, scope.show_values)
    for key in ours.keys() - rows.keys():
        if ours[key]["synced_at"] < read_at:
            result.add(Kind.MISSING_IN_AIRTABLE, entity_id=key)
    return result


def _compare_row(
    result: Comparison,
    table: ContentTable,
    row: Row,
    ours: Mapping[str, Any] | None,
    lists: Mapping[str, Mapping[str, list[str]]],
    read_at: datetime,
    show_values: bool,
) -> None:
    if ours is None:
        result.add(Kind.ONLY_IN_AIRTABLE, record_id=row.record_id)
        return
    if ours["synced_at"] >= read_at:
        # Read anew since we began.
        result.matched += 1
        return
    fields = tuple(name for name, value in row.values.items() if ours[name] != value)
    links = tuple(
        name for name, ids in row.links.items() if lists[name].get(row.key, []) != sorted(ids)
    )
    if not fields and not links:
        result.matched += 1
    for kind, names in ((Kind.FIELD_MISMATCH, fields), (Kind.LINK_MISMATCH, links)):
        if names:
            shown = {name: (ours[name], row.values[name]) for name in names if name in row.values}
            result.add(
                kind,
                entity_id=row.key,
                record_id=row.record_id,
                fields=names,
                values=shown if show_values else None,
            )


async def _ours(q: Queries, table: ContentTable) -> dict[str, Mapping[str, Any]]:
    names = ", ".join(column.name for column in table.columns)
    rows = await q.fetch(
        f"""SELECT {table.key} AS key, synced_at, {names} FROM {table.relation}
            WHERE archived_at IS NULL AND content_hash <> ''"""
    )
    return {row["key"]: dict(row) for row in rows}


async def _lists(q: Queries, table: ContentTable) -> dict[str, dict[str, list[str]]]:
    found = {}
    for link in table.links:
        rows = await q.fetch(
            f"""SELECT {link.own}::text AS own, array_agg({link.other}::text) AS others
                FROM {link.name} GROUP BY 1"""
        )
        found[link.name] = {row["own"]: sorted(row["others"]) for row in rows}
    return found
