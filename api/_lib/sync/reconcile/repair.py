"""Bringing the stores together: each owner's values win, and nothing is done twice."""

from collections.abc import Sequence
from uuid import uuid4

from api._lib.airtable.entities import EntityType
from api._lib.airtable.limiter import Lane
from api._lib.backend import is_sent
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.outbox import Event, enqueue
from api._lib.sync.inbound.content import import_content
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.people import take_people
from api._lib.sync.reconcile import store
from api._lib.sync.reconcile.model import Comparison, Difference, Kind
from api._lib.sync.reconcile.sides import Sides

REPAIR_PRIORITY = 60
"""Behind everything people do."""

WRITTEN = (Kind.FIELD_MISMATCH, Kind.LINK_MISMATCH)


async def repair_entity(
    ctx: Context, kind: EntityType, sides: Sides, found: Sequence[Difference]
) -> int:
    """Queue what makes Airtable as Postgres is; how many repairs that were."""
    if not is_sent(ctx.settings, kind):
        return 0
    async with ctx.db.transaction() as tx:
        # Links go first: a record that is gone is made again under a new one.
        events = [event for item in found for event in await _events(tx, kind, sides, item)]
        await enqueue(tx, events)
    return len(found)


async def repair_people(ctx: Context, sides: Sides, found: Sequence[Difference]) -> int:
    """Take over what Airtable says of people, send what is ours, and let the erased stay away."""
    back = (item for item in found if item.kind is Kind.RESURRECTED)
    erased = [item for item in back if item.record_id in sides.tombstones]
    ids = sorted({item.record_id for item in found if item.record_id and item not in erased})
    if ids:
        await take_people(ctx, ids, [], Lane.INBOUND)
    ours = [item for item in found if item.kind in WRITTEN and item.entity_id in sides.rows]
    if erased or ours:
        await repair_entity(ctx, EntityType.USER, sides, [*erased, *ours])
    return len(ids) + len(erased)


async def repair_content(ctx: Context, comparison: Comparison) -> int:
    """List the table once more; the guard against mistaken removals stays."""
    if not comparison.real:
        return 0
    outcome = await import_content(ctx, CONTENT[comparison.entity])
    return outcome.inserted + outcome.updated + outcome.removed


async def _events(tx: Transaction, kind: EntityType, sides: Sides, item: Difference) -> list[Event]:
    key, record_id = item.entity_id, item.record_id
    if item.kind is Kind.MISSING_IN_AIRTABLE and key is not None and kind is not EntityType.USER:
        if record_id is not None:
            await store.drop_links(tx, kind, [key])
        return [_upsert(kind, key)]
    if item.kind in WRITTEN and key is not None:
        await store.forget_hashes(tx, kind, [key])
        return [_upsert(kind, key)]
    if item.kind is Kind.ORPHAN_LINK and key is not None:
        if record_id in sides.records:
            return [_delete(kind, key, record_id)]
        await store.bury_links(tx, kind, [key])
        return []
    if item.kind in (Kind.DUPLICATE, Kind.RESURRECTED) and record_id is not None:
        return [_delete(kind, key or str(uuid4()), record_id)]
    return []


def _upsert(kind: EntityType, key: str) -> Event:
    user_id = key if kind is EntityType.USER else None
    return Event(entity_type=kind, entity_id=key, user_id=user_id, priority=REPAIR_PRIORITY)


def _delete(kind: EntityType, key: str, record_id: str | None) -> Event:
    return Event(
        entity_type=kind,
        entity_id=key,
        operation="delete",
        priority=REPAIR_PRIORITY,
        payload={"recordId": record_id},
    )
