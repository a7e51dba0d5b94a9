"""The outbox: every change that Airtable must learn of, stored in the transaction of the change."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from uuid import UUID

from msgspec import Struct, field, structs

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.backend import is_sent
from api._lib.db import Queries, Transaction

CHANNEL = "mfa_outbox"
"""Postgres channel on which a committed event wakes the workers."""

SHARED_FIELDS = ("name", "language_code")
"""Columns of a user that an event must name to be sent; all others follow from the row."""

BUSY_FROM = 10_000
"""More waiting events than this, and work in the background pauses."""

Operation = Literal["upsert", "delete"]


class Event(Struct, frozen=True, kw_only=True):
    """One record that changed; what it looks like now is read when it is sent."""

    entity_type: EntityType
    entity_id: str | UUID
    user_id: str | None = None
    operation: Operation = "upsert"
    changed_fields: Sequence[str] | None = None
    priority: int = 40
    payload: Mapping[str, object] = field(default_factory=dict)


class Forgotten(Struct, frozen=True):
    """How much was removed."""

    events: int
    letters: int


async def enqueue(tx: Transaction, events: Iterable[Event], *, always: bool = False) -> None:
    """Store events in the caller's open transaction and wake the workers when it commits.

    A waiting event of the same record is merged with, so a record waits at most once. A delete
    also marks the record's link and writes its tombstone. Call it last in the transaction.
    `always`: whatever the backend flags say, for an erasure.
    """
    if not isinstance(tx, Transaction) or not tx.connection.is_in_transaction():
        raise TypeError("events are stored in an open transaction only")  # I1
    rows = [
        _row(event)
        for event in _folded(events)
        if always or is_sent(tx.settings, event.entity_type)
    ]
    if rows:
        deletes = any(row["operation"] == "delete" for row in rows)
        await tx.fetchval(WITH_DELETES if deletes else UPSERTS, rows, list(SHARED_FIELDS), CHANNEL)


async def forget(tx: Transaction, user_id: str) -> Forgotten:
    """Remove the events and dead letters of an erased user, all but the deletes still to be done.

    An event that is being sent stays: its record can only be deleted once that request has ended.
    A delete that dies in this moment stays too, for somebody to replay it.
    """
    letters = await tx.execute(FORGET_LETTERS, user_id)
    events = await tx.execute(FORGET_EVENTS, user_id)
    return Forgotten(*(int(tag.split()[-1]) for tag in (events, letters)))


async def is_busy(db: Queries) -> bool:
    """Whether so much waits to be sent that work in the background should hold back (11.3)."""
    waiting: int = await db.fetchval(WAITING, BUSY_FROM)
    return waiting > BUSY_FROM


def merged_fields(
    older: Sequence[str] | None, newer: Sequence[str] | None
) -> tuple[str, ...] | None:
    """Changed fields of two events in one: unknown stays unknown, but no shared field is lost."""
    both = {*(older or ()), *(newer or ())}
    if older is None or newer is None:
        both.intersection_update(SHARED_FIELDS)
        return tuple(sorted(both)) or None
    return tuple(sorted(both))


def _folded(events: Iterable[Event]) -> list[Event]:
    """One event per record, in the order all transactions lock them: rank, then id."""
    folded: dict[tuple[EntityType, str], Event] = {}
    for event in events:
        key = (EntityType(event.entity_type), str(event.entity_id))
        folded[key] = _merged(folded[key], event) if key in folded else event
    ordered = sorted(folded, key=lambda key: (RANKS[key[0]], key[0], key[1]))
    return [folded[key] for key in ordered]


def _merged(older: Event, newer: Event) -> Event:
    return structs.replace(
        newer,
        changed_fields=merged_fields(older.changed_fields, newer.changed_fields),
        priority=min(older.priority, newer.priority),
        payload={**older.payload, **newer.payload},
    )


def _row(event: Event) -> dict[str, object]:
    return structs.asdict(event) | {"entity_id": str(event.entity_id)}


_EVENTS = """
WITH event AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('outbox_events', 'id')) AS id, e.*
    FROM jsonb_to_recordset($1::jsonb) AS e(
        entity_type text, entity_id text, user_id text, operation text,
        changed_fields text[], priority smallint, payload jsonb)
)"""

# A delete takes the place of the waiting upsert and of dead ones (sync 11.3), discarded ones too:
# what they tried to create may be there. Only a waiting event is marked with its successor: while
# we hold it nobody else can queue one, so the id is certain to be stored.
_DELETES = """
, link AS (
    UPDATE airtable_links AS l SET deleted_at = coalesce(l.deleted_at, now())
    FROM event AS e
    WHERE e.operation = 'delete'
      AND l.entity_type = e.entity_type AND l.entity_id = e.entity_id
    RETURNING l.entity_type, l.entity_id, l.airtable_record_id, l.airtable_table_id
), doomed AS MATERIALIZED (
    SELECT e.id, e.entity_type, e.entity_id, e.payload ->> 'reason' AS reason,
           l.airtable_table_id,
           coalesce(l.airtable_record_id::text, e.payload ->> 'recordId',
                    CASE e.entity_type WHEN 'user' THEN e.entity_id END) AS record_id
    FROM event AS e LEFT JOIN link AS l USING (entity_type, entity_id)
    WHERE e.operation = 'delete'
), tombstone AS (
    INSERT INTO sync_tombstones (entity_type, airtable_record_id, entity_id, reason)
    SELECT entity_type, record_id, entity_id, coalesce(reason, 'app')
    FROM doomed WHERE record_id IS NOT NULL
    ORDER BY entity_type, record_id
    ON CONFLICT (entity_type, airtable_record_id) DO NOTHING
), letter AS (
    UPDATE outbox_dead_letters AS d SET resolved_at = now(), resolution = 'superseded'
    FROM doomed AS e
    WHERE d.entity_type = e.entity_type AND d.entity_id = e.entity_id AND d.resolved_at IS NULL
), replaced AS (
    UPDATE outbox_events AS o
    SET status = 'superseded', processed_at = now(), parked_on = NULL,
        superseded_by = CASE o.status WHEN 'pending' THEN e.id END
    FROM doomed AS e
    WHERE o.entity_type = e.entity_type AND o.entity_id = e.entity_id
      AND o.status IN ('pending', 'dead_letter')
      AND o.id IN (
          SELECT l.outbox_id
          FROM outbox_dead_letters AS l JOIN doomed AS d USING (entity_type, entity_id)
          UNION ALL
          SELECT p.id FROM outbox_events AS p JOIN doomed AS d USING (entity_type, entity_id)
          WHERE p.status = 'pending')
    RETURNING o.entity_type, o.entity_id, o.first_attempt_at, o.error_class, o.next_attempt_at
), past AS MATERIALIZED (
    SELECT entity_type, entity_id, min(first_attempt_at) AS first_attempt_at,
           max(next_attempt_at) FILTER (WHERE error_class = 'ambiguous') AS quiet_until
    FROM replaced GROUP BY entity_type, entity_id
)"""

_NO_PAST = """
, past AS (
    SELECT NULL::text AS entity_type, NULL::text AS entity_id,
           NULL::timestamptz AS first_attempt_at, NULL::timestamptz AS quiet_until
    WHERE false
), doomed AS (
    SELECT NULL::bigint AS id, NULL::text AS record_id, NULL::text AS airtable_table_id WHERE false
)"""

# The wait after a lost answer outlives the merge: the request may still be carried out (sync 11.6).
# So does a deletion: who queues the record after it has read it before.
_INSERT = """
, queued AS (
    INSERT INTO outbox_events AS o
        (id, entity_type, entity_id, user_id, operation, changed_fields, priority, payload,
         first_attempt_at, next_attempt_at, error_class)
    OVERRIDING SYSTEM VALUE
    SELECT e.id, e.entity_type, e.entity_id, e.user_id, e.operation, e.changed_fields,
           e.priority,
           e.payload || jsonb_strip_nulls(jsonb_build_object(
               'recordId', d.record_id, 'tableId', d.airtable_table_id)),
           p.first_attempt_at, coalesce(p.quiet_until, now()),
           CASE WHEN p.quiet_until IS NOT NULL THEN 'ambiguous' END
    FROM event AS e
    LEFT JOIN past AS p USING (entity_type, entity_id)
    LEFT JOIN doomed AS d ON d.id = e.id
    ORDER BY e.id
    ON CONFLICT (entity_type, entity_id) WHERE status = 'pending' DO UPDATE SET
        operation = CASE o.operation WHEN 'delete' THEN o.operation ELSE excluded.operation END,
        user_id = coalesce(excluded.user_id, o.user_id),
        payload = o.payload || excluded.payload,
        priority = least(o.priority, excluded.priority),
        merged_count = o.merged_count + 1,
        parked_on = NULL,
        next_attempt_at = CASE o.error_class
            WHEN 'ambiguous' THEN o.next_attempt_at ELSE now() END,
        changed_fields = nullif(ARRAY(
            SELECT DISTINCT field FROM unnest(o.changed_fields || excluded.changed_fields) AS field
            WHERE (o.changed_fields IS NOT NULL AND excluded.changed_fields IS NOT NULL)
               OR field = ANY($2::text[])
            ORDER BY field), '{}')
)
SELECT pg_notify($3, '')"""

FORGET_LETTERS = """
DELETE FROM outbox_dead_letters WHERE outbox_id IN (
    SELECT id FROM outbox_events
    WHERE user_id = $1 AND NOT (status = 'dead_letter' AND operation = 'delete'))"""

FORGET_EVENTS = """
DELETE FROM outbox_events
WHERE user_id = $1 AND status <> 'processing'
  AND NOT (status IN ('pending', 'dead_letter') AND operation = 'delete')"""

UPSERTS = _EVENTS + _NO_PAST + _INSERT
WITH_DELETES = _EVENTS + _DELETES + _INSERT

WAITING = """
SELECT count(*) FROM (
    SELECT FROM outbox_events WHERE status = 'pending' AND parked_on IS NULL LIMIT $1 + 1
) AS waiting"""
