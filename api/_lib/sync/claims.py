"""Claiming events with a lease, and giving them back; every change carries the lease token."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct, structs

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.db import Database, Queries
from api._lib.outbox import SHARED_FIELDS

ATTEMPTS_AT_RACES = 5
RACES = (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError)
SECONDS_PER_STEP = 10
"""Waiting that long raises an event by one step of priority, so that nothing starves (O17)."""

RANKED = [str(kind) for kind in sorted(RANKS, key=lambda kind: (RANKS[kind], kind))]
LOCK_ORDER = """array_position({ranks}::text[], {alias}.entity_type::text),
    {alias}.entity_id COLLATE "C\""""
"""Everybody who locks events of several records does so in this order, as enqueueing does."""


class Claimed(Struct):
    """An event this worker may deliver as long as its lease lasts."""

    id: int
    entity_type: EntityType
    entity_id: str
    user_id: str | None
    operation: str
    changed_fields: tuple[str, ...]
    payload: dict[str, Any]
    attempts: int
    first_attempt_at: datetime | None
    created_at: datetime
    token: UUID
    counted: bool = False
    """Whether the coming request is already counted as an attempt."""

    @property
    def key(self) -> tuple[EntityType, str]:
        """The record the event is about."""
        return self.entity_type, self.entity_id


class Return(Struct, frozen=True, kw_only=True):
    """How an event goes back to waiting."""

    id: int
    wait: float = 0.0
    uncharged: bool = False
    error_class: str | None = None
    error: str | None = None
    parked_on: str | None = None


async def claim(
    db: Database, size: int, lease_seconds: float, worker: str, token: UUID | None = None
) -> list[Claimed]:
    """Take up to `size` due events, at most one per record over all workers (I3)."""
    token = token or uuid4()
    for _ in range(ATTEMPTS_AT_RACES):
        try:
            async with db.transaction() as tx:
                rows = await tx.fetch(CLAIM, size, token, lease_seconds, worker, SECONDS_PER_STEP)
        except RACES:
            # Another worker took an event of the same record in the same moment.
            continue
        ordered = sorted(rows, key=lambda row: (row["turn"], row["id"]))
        return [_claimed(row, token) for row in ordered]
    return []


async def claim_one(
    db: Database, key: tuple[EntityType, str], lease_seconds: float, worker: str
) -> Claimed | None:
    """Take the due event of one record, if nobody else is at it."""
    token = uuid4()
    with suppress(*RACES):
        async with db.transaction() as tx:
            row = await tx.fetchrow(CLAIM_ONE, *key, token, lease_seconds, worker)
        return _claimed(row, token) if row else None
    return None


async def renew(q: Queries, tokens: Sequence[UUID], lease_seconds: float) -> None:
    """Keep the leases of what is being worked on."""
    await q.execute(RENEW, list(tokens), lease_seconds)


async def count_attempt(q: Queries, events: Sequence[Claimed]) -> list[Claimed]:
    """Note that a request is about to be sent; returns the events whose lease still holds.

    Until the outcome is stored the row says "ambiguous": if this process dies now, nobody can
    know whether the request was carried out.
    """
    fresh = [event for event in events if not event.counted]
    if not fresh:
        return list(events)
    rows = await q.fetch(COUNT, [event.id for event in fresh], fresh[0].token)
    attempts = {row["id"]: row["attempt_count"] for row in rows}
    for event in fresh:
        event.attempts = attempts.get(event.id, event.attempts)
        event.counted = event.id in attempts
    return [event for event in events if event.counted]


async def give_back(db: Database, token: UUID, returns: Sequence[Return]) -> None:
    """Let events wait again; one queued meanwhile for the same record takes over what is due."""
    if not returns:
        return
    rows = [structs.asdict(item) for item in returns]
    for _ in range(ATTEMPTS_AT_RACES):
        try:
            async with db.transaction() as tx:
                await tx.execute(GIVE_BACK, rows, token, list(SHARED_FIELDS), RANKED)
        except RACES:
            # A newer event of one of the records came in between.
            continue
        return


def _claimed(row: asyncpg.Record, token: UUID) -> Claimed:
    return Claimed(
        id=row["id"],
        entity_type=EntityType(row["entity_type"]),
        entity_id=row["entity_id"],
        user_id=row["user_id"],
        operation=row["operation"],
        changed_fields=tuple(row["changed_fields"] or ()),
        payload=row["payload"],
        attempts=row["attempt_count"],
        first_attempt_at=row["first_attempt_at"],
        created_at=row["created_at"],
        token=token,
    )


CLAIM = """
WITH due AS MATERIALIZED (
    SELECT e.id,
           e.priority - floor(extract(epoch FROM now() - e.created_at) / $5::int) AS turn
    FROM outbox_events AS e
    WHERE e.status = 'pending' AND e.parked_on IS NULL AND e.next_attempt_at <= now()
      AND NOT EXISTS (
          SELECT FROM outbox_events AS p
          WHERE p.entity_type = e.entity_type AND p.entity_id = e.entity_id
            AND p.status = 'processing')
    ORDER BY turn, e.id
    LIMIT $1
    FOR UPDATE OF e SKIP LOCKED
)
UPDATE outbox_events AS o
SET status = 'processing', lease_token = $2, worker_id = $4,
    lease_until = now() + make_interval(secs => $3), error_class = NULL
FROM due WHERE o.id = due.id
RETURNING o.*, due.turn"""

CLAIM_ONE = """
UPDATE outbox_events AS o
SET status = 'processing', lease_token = $3, worker_id = $5,
    lease_until = now() + make_interval(secs => $4), error_class = NULL
WHERE o.id = (
    SELECT e.id FROM outbox_events AS e
    WHERE e.entity_type = $1 AND e.entity_id = $2 AND e.status = 'pending'
      AND e.parked_on IS NULL AND e.next_attempt_at <= now()
      AND NOT EXISTS (
          SELECT FROM outbox_events AS p
          WHERE p.entity_type = $1 AND p.entity_id = $2 AND p.status = 'processing')
    FOR UPDATE SKIP LOCKED)
RETURNING o.*"""

RENEW = """
UPDATE outbox_events SET lease_until = now() + make_interval(secs => $2)
WHERE status = 'processing' AND lease_token = ANY($1::uuid[])"""

# From here on nobody knows what the record looks like until the answer is stored: a change and
# back must not be taken for no change if the answer gets lost.
COUNT = """
WITH counted AS (
    UPDATE outbox_events
    SET attempt_count = attempt_count + 1, first_attempt_at = coalesce(first_attempt_at, now()),
        error_class = 'ambiguous'
    WHERE id = ANY($1::bigint[]) AND status = 'processing' AND lease_token = $2
    RETURNING id, attempt_count, entity_type, entity_id
), unknown AS (
    UPDATE airtable_links AS l SET pushed_hash = NULL
    FROM counted AS c
    WHERE l.entity_type = c.entity_type AND l.entity_id = c.entity_id
      AND l.pushed_hash IS NOT NULL
)
SELECT id, attempt_count FROM counted"""

# What the waiting event inherits: the honest age, the tries, shared fields not yet sent, the wait
# after a lost answer, and a deletion: what is deleted does not come back.
GIVE_BACK = f"""
WITH mine AS MATERIALIZED (
    SELECT o.id, o.entity_type, o.entity_id, o.operation, o.payload, o.priority,
           o.changed_fields, o.created_at, o.merged_count, o.first_attempt_at,
           greatest(o.attempt_count - g.uncharged::int, 0) AS attempts,
           now() + make_interval(secs => g.wait) AS due_at, g.error_class, g.error, g.parked_on
    FROM jsonb_to_recordset($1::jsonb) AS g(
        id bigint, wait double precision, uncharged boolean, error_class text, error text,
        parked_on text)
    JOIN outbox_events AS o ON o.id = g.id
    WHERE o.status = 'processing' AND o.lease_token = $2
), waiting AS MATERIALIZED (
    SELECT p.id, m.id AS old_id
    FROM outbox_events AS p JOIN mine AS m USING (entity_type, entity_id)
    WHERE p.status = 'pending'
    ORDER BY {LOCK_ORDER.format(ranks="$4", alias="p")}
    FOR UPDATE OF p
), merged AS (
    UPDATE outbox_events AS p
    SET operation = CASE m.operation WHEN 'delete' THEN m.operation ELSE p.operation END,
        payload = CASE m.operation WHEN 'delete' THEN m.payload || p.payload ELSE p.payload END,
        attempt_count = greatest(p.attempt_count, m.attempts),
        first_attempt_at = least(p.first_attempt_at, m.first_attempt_at),
        created_at = least(p.created_at, m.created_at),
        priority = least(p.priority, m.priority),
        merged_count = p.merged_count + m.merged_count,
        error_class = coalesce(m.error_class, p.error_class),
        next_attempt_at = CASE m.error_class WHEN 'ambiguous'
            THEN greatest(p.next_attempt_at, m.due_at) ELSE p.next_attempt_at END,
        changed_fields = nullif(ARRAY(
            SELECT DISTINCT field FROM unnest(p.changed_fields || m.changed_fields) AS field
            WHERE (p.changed_fields IS NOT NULL AND m.changed_fields IS NOT NULL)
               OR field = ANY($3::text[])
            ORDER BY field), '{{}}')
    FROM waiting AS w JOIN mine AS m ON m.id = w.old_id
    WHERE p.id = w.id
    RETURNING p.id, m.id AS old_id
)
UPDATE outbox_events AS o
SET status = CASE WHEN n.id IS NULL THEN 'pending' ELSE 'superseded' END,
    superseded_by = n.id, processed_at = CASE WHEN n.id IS NOT NULL THEN now() END,
    lease_token = NULL, lease_until = NULL, worker_id = NULL,
    attempt_count = m.attempts, next_attempt_at = m.due_at,
    error_class = m.error_class, last_error = m.error,
    parked_on = CASE WHEN n.id IS NULL THEN m.parked_on END
FROM mine AS m LEFT JOIN merged AS n ON n.old_id = m.id
WHERE o.id = m.id"""
