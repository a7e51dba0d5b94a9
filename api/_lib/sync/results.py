"""Storing how deliveries ended: event, link, tombstone and waiting children in one transaction."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from api._lib.db import Database, Transaction
from api._lib.sync import parents
from api._lib.sync.claims import RACES, Claimed
from api._lib.sync.desired import Key

ATTEMPTS_AT_RACES = 5


class Delivered(Struct, frozen=True):
    """An event whose record now looks as it should."""

    event: Claimed
    record_id: str
    table_id: str
    fingerprint: str
    is_new: bool
    """Whether the record was not linked before."""
    skipped: tuple[Key, ...] = ()
    """Parents it was written without."""


async def finish(
    db: Database, token: UUID, events: Sequence[Claimed], status: str, note: str | None = None
) -> None:
    """End events that needed no request: `processed` or `superseded`."""
    if events:
        await db.execute(FINISH, [event.id for event in events], token, status, note)


async def store_delivered(
    db: Database, token: UUID, items: Sequence[Delivered]
) -> Sequence[Delivered]:
    """Store written records; returns those whose record already belongs to another row of ours."""
    for attempt in range(1, ATTEMPTS_AT_RACES + 1):
        try:
            async with db.transaction() as tx:
                return await _store_delivered(tx, token, items)
        except RACES:
            if attempt == ATTEMPTS_AT_RACES:
                raise
    return ()


async def store_removed(
    db: Database, token: UUID, records: Mapping[int, tuple[Claimed, Sequence[str]]]
) -> None:
    """End deletes whose records are confirmed gone."""
    async with db.transaction() as tx:
        ids = list(records)
        held = {row["id"] for row in await tx.fetch(FINISH, ids, token, "processed", None)}
        gone = [
            {"entity_type": event.entity_type, "entity_id": event.entity_id, "record_id": record}
            for event_id, (event, found) in records.items()
            if event_id in held
            for record in found
        ]
        await tx.execute(PURGED, gone)


async def forget_link(db: Database, entity_type: str, entity_id: str) -> None:
    """Drop the link to a record that somebody deleted in Airtable, so that it is made again."""
    await db.execute(FORGET_LINK, entity_type, entity_id)


async def _store_delivered(
    tx: Transaction, token: UUID, items: Sequence[Delivered]
) -> Sequence[Delivered]:
    taken = await _taken(tx, items)
    mine = [item for item in items if item.event.key not in taken]
    ids = [item.event.id for item in mine]
    held = {row["id"] for row in await tx.fetch(FINISH, ids, token, "processed", None)}
    kept = [item for item in mine if item.event.id in held]
    if kept:
        await tx.execute(LINK, [_link(item) for item in kept])
        await tx.execute(
            RESOLVE, [i.event.entity_type for i in kept], [i.event.entity_id for i in kept]
        )
        await _wake_children(tx, kept)
    return [item for item in items if item.event.key in taken]


async def _taken(tx: Transaction, items: Sequence[Delivered]) -> set[Key]:
    rows = await tx.fetch(
        TAKEN,
        [item.event.entity_type for item in items],
        [item.event.entity_id for item in items],
        [item.record_id for item in items],
    )
    return {(row["entity_type"], row["entity_id"]) for row in rows}


async def _wake_children(tx: Transaction, items: Sequence[Delivered]) -> None:
    fresh = [item.event.key for item in items if item.is_new]
    if fresh:
        await parents.release(tx, fresh)
        await parents.relink(tx, fresh)
    skipped = {key for item in items for key in item.skipped}
    late = await parents.known_links(tx, skipped)
    again = [i.event.key for i in items if any(key in late for key in i.skipped)]
    await parents.heal(tx, again)


def _link(item: Delivered) -> dict[str, object]:
    return {
        "entity_type": item.event.entity_type,
        "entity_id": item.event.entity_id,
        "record_id": item.record_id,
        "table_id": item.table_id,
        "hash": item.fingerprint,
        "is_new": item.is_new,
    }


FINISH = """
UPDATE outbox_events
SET status = $3, processed_at = now(), lease_token = NULL, lease_until = NULL, parked_on = NULL,
    error_class = NULL, last_error = $4
WHERE id = ANY($1::bigint[]) AND status = 'processing' AND lease_token = $2
RETURNING id"""

TAKEN = """
SELECT k.entity_type, k.entity_id
FROM unnest($1::text[], $2::text[], $3::text[]) AS k(entity_type, entity_id, record_id)
JOIN airtable_links AS l
  ON l.entity_type = k.entity_type AND l.airtable_record_id = k.record_id
WHERE l.entity_id <> k.entity_id"""

# A delete that was queued during the request has marked the link; only a new record unmarks it.
LINK = """
INSERT INTO airtable_links AS l
    (entity_type, entity_id, airtable_record_id, airtable_table_id, pushed_hash, pushed_at)
SELECT k.entity_type, k.entity_id, k.record_id, k.table_id, k.hash, now()
FROM jsonb_to_recordset($1::jsonb) AS k(
    entity_type text, entity_id text, record_id text, table_id text, hash text, is_new boolean)
ORDER BY k.entity_type, k.entity_id
ON CONFLICT (entity_type, entity_id) DO UPDATE SET
    airtable_record_id = excluded.airtable_record_id,
    airtable_table_id = excluded.airtable_table_id,
    pushed_hash = excluded.pushed_hash, pushed_at = excluded.pushed_at,
    deleted_at = CASE WHEN l.airtable_record_id = excluded.airtable_record_id
        THEN l.deleted_at END"""

# The whole state was written, so what failed before is made good.
RESOLVE = """
WITH letter AS (
    UPDATE outbox_dead_letters AS d SET resolved_at = now(), resolution = 'superseded'
    FROM unnest($1::text[], $2::text[]) AS k(entity_type, entity_id)
    WHERE d.entity_type = k.entity_type AND d.entity_id = k.entity_id
      AND d.operation = 'upsert' AND d.resolved_at IS NULL
    RETURNING d.outbox_id
)
UPDATE outbox_events AS o SET status = 'superseded', processed_at = now()
FROM letter WHERE o.id = letter.outbox_id AND o.status = 'dead_letter'"""

PURGED = """
WITH gone AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS g(entity_type text, entity_id text, record_id text)
), link AS (
    UPDATE airtable_links AS l SET deleted_at = coalesce(l.deleted_at, now())
    FROM gone AS g
    WHERE l.entity_type = g.entity_type AND l.airtable_record_id = g.record_id
)
INSERT INTO sync_tombstones (entity_type, airtable_record_id, entity_id, reason, purged_at)
SELECT g.entity_type, g.record_id, g.entity_id, 'app', now() FROM gone AS g
ORDER BY g.entity_type, g.record_id
ON CONFLICT (entity_type, airtable_record_id) DO UPDATE SET
    purged_at = coalesce(sync_tombstones.purged_at, excluded.purged_at)"""

FORGET_LINK = """
WITH link AS (
    DELETE FROM airtable_links WHERE entity_type = $1 AND entity_id = $2
    RETURNING entity_type, entity_id, airtable_record_id
)
INSERT INTO sync_tombstones (entity_type, airtable_record_id, entity_id, reason, purged_at)
SELECT entity_type, airtable_record_id, entity_id, 'airtable', now() FROM link
ON CONFLICT (entity_type, airtable_record_id) DO NOTHING"""
