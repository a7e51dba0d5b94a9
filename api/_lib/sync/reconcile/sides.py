"""Reading both sides of one kind of records."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from api._lib.airtable import formula
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID, ENTITIES
from api._lib.airtable.model import Entity
from api._lib.airtable.schema import Schema
from api._lib.context import Context
from api._lib.sync import parents
from api._lib.sync.desired import InvalidReferenceError, Row, load_references, owned_cells
from api._lib.sync.inbound.activity_records import app_ids_of_table
from api._lib.sync.inbound.reading import started
from api._lib.sync.reconcile import store
from api._lib.sync.reconcile.model import Scope
from api._lib.sync.reconcile.store import LinkRow

LANE = Lane.INBOUND


class Sides(Struct):
    """What both stores hold, and what is known of the records."""

    read_at: datetime
    rows: dict[str, Row]
    existing: set[str]
    """Ids of rows, those too that are as good as deleted."""
    links: dict[str, LinkRow]
    records: dict[str, RemoteRecord]
    app_ids: dict[str, UUID]
    tombstones: dict[str, bool]
    busy: set[str]
    unsendable: frozenset[str] = frozenset()
    """Rows that were never sent and whose parent is gone, so that nothing could stand for them."""


async def read_sides(ctx: Context, entity: Entity, schema: Schema, scope: Scope) -> Sides:
    """Airtable first, then Postgres: what changes meanwhile has an event, or was sent since."""
    read_at = await started(ctx.db)
    ids = await _chosen(ctx, entity, scope)
    records = await _records(ctx, entity, schema, scope, ids)
    existing = await store.all_ids(ctx.db, entity)
    wanted = existing if ids is None else ids | await _linked(ctx, entity, records)
    rows = await store.rows_by_id(ctx.db, entity, wanted & existing)
    # Rows, then events, then links: an event is seen waiting, or its link was written since.
    busy = await store.busy_ids(ctx.db, entity.type)
    links = await store.living_links(ctx.db, entity.type)
    if ids is not None:
        links = {key: link for key, link in links.items() if key in wanted}
    unlinked = {key: row for key, row in rows.items() if key not in links}
    return Sides(
        read_at=read_at,
        rows=rows,
        existing=existing,
        links=links,
        records=records,
        app_ids=app_ids_of_table(entity.table, list(records.values()), schema),
        tombstones=await store.tombstones(ctx.db, entity.type),
        busy=busy,
        unsendable=await _orphans(ctx, entity, unlinked),
    )


async def expected_cells(
    ctx: Context, entity: Entity, rows: Mapping[str, Row], schema: Schema
) -> dict[str, dict[str, object] | None]:
    """What each record should show; None where a row links to something that is not there."""
    by_key = {(entity.type, key): row for key, row in rows.items()}
    references = await load_references(ctx.db, by_key)
    wanted = {key for row in rows.values() for _, key in parents.parent_keys(entity, row)}
    known = await parents.known_links(ctx.db, wanted)
    found: dict[str, dict[str, object] | None] = {}
    for key, row in rows.items():
        links: dict[str, str | None] = {parent.field: None for parent in entity.parents}
        links |= {
            parent.field: known.get(owner) for parent, owner in parents.parent_keys(entity, row)
        }
        try:
            found[key] = owned_cells(entity, row, links, references, schema, ctx.settings)
        except InvalidReferenceError:
            found[key] = None
    return found


async def _orphans(ctx: Context, entity: Entity, rows: Mapping[str, Row]) -> frozenset[str]:
    """Rows that cannot be written without a parent that is no more (sync 11.4)."""
    owners = {
        key: owner
        for key, row in rows.items()
        for parent, owner in parents.parent_keys(entity, row)
        if parent.required
    }
    if not owners:
        return frozenset()
    states = await parents.parent_states(ctx.db, ctx.settings, owners.values())
    return frozenset(key for key, owner in owners.items() if states[owner] is parents.State.MISSING)


async def _chosen(ctx: Context, entity: Entity, scope: Scope) -> set[str] | None:
    """Ids of ours that are compared; None = all."""
    if scope.sample is not None:
        return await store.some_ids(ctx.db, entity, scope.sample)
    if scope.since is not None:
        return await store.ids_changed_since(ctx.db, entity, scope.since)
    return None


async def _records(
    ctx: Context, entity: Entity, schema: Schema, scope: Scope, ids: set[str] | None
) -> dict[str, RemoteRecord]:
    table = entity.table
    app_id = schema.app_id(table)
    keys = [field.key for field in table.fields] + ([app_id or APP_ID] if app_id else [])
    records: list[RemoteRecord] = []
    if scope.sample is None:
        where = formula.modified_since(scope.since) if scope.since else None
        records = await ctx.airtable.listing(table, LANE, fields=keys, where=where)
    if ids is not None:
        links = await store.living_links(ctx.db, entity.type)
        seen = {record.id for record in records}
        more = {link.record_id for key, link in links.items() if key in ids} - seen
        records += await ctx.airtable.records(table, sorted(more), LANE, keys)
    return {record.id: record for record in records}


async def _linked(ctx: Context, entity: Entity, records: Mapping[str, RemoteRecord]) -> set[str]:
    links = await store.living_links(ctx.db, ENTITIES[entity.type].type)
    return {key for key, link in links.items() if link.record_id in records}
