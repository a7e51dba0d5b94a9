"""Looking at dead letters, replaying and discarding them (sync 11.17)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.db import Database, Queries, Transaction
from api._lib.outbox import Event, enqueue
from api._lib.sync.claims import RACES
from api._lib.sync.rules import AUTOMATIC_REPLAYS, ErrorClass

REPLAY_PRIORITY = 50
MOST_AT_ONCE = 1_000
ATTEMPTS_AT_RACES = 5
REPLAYED_BY_ITSELF = (ErrorClass.TRANSIENT, ErrorClass.AMBIGUOUS)


class Letter(Struct, frozen=True):
    """A dead letter as operators see it, without its payload."""

    id: int
    outbox_id: int | None
    operation: str
    entity_type: str
    entity_id: str
    error_class: str
    http_status: int | None
    error_message: str
    attempts: int
    created_at: datetime
    replay_count: int
    resolved_at: datetime | None
    resolution: str | None


class Search(Struct, frozen=True):
    """Which letters are meant; None = any."""

    entity_type: EntityType | None = None
    error_class: ErrorClass | None = None
    since: datetime | None = None
    with_resolved: bool = False


async def find_letters(q: Queries, search: Search, limit: int) -> list[Letter]:
    """Letters, newest first."""
    rows = await q.fetch(
        FIND,
        search.entity_type,
        search.error_class,
        search.since,
        search.with_resolved,
        limit,
    )
    return [Letter(**{name: row[name] for name in Letter.__struct_fields__}) for row in rows]


async def show_letter(q: Queries, letter_id: int) -> Mapping[str, Any] | None:
    """Everything about one letter, with the payload of its event."""
    row = await q.fetchrow("SELECT * FROM outbox_dead_letters WHERE id = $1", letter_id)
    return dict(row) if row else None


async def replay_letter(db: Database, letter_id: int) -> bool | None:
    """Send the event of a letter again; False when it was settled before, None when unknown."""
    known = await db.fetchval("SELECT true FROM outbox_dead_letters WHERE id = $1", letter_id)
    return await replay_letters(db, [letter_id]) == 1 if known else None


async def replay_letters(db: Database, ids: Sequence[int]) -> int:
    """Send the events of open letters again; how many letters that were."""
    for attempt in range(1, ATTEMPTS_AT_RACES + 1):
        try:
            async with db.transaction() as tx:
                return await _replay(tx, ids)
        except RACES:
            if attempt == ATTEMPTS_AT_RACES:
                raise
    return 0


async def replay_matching(db: Database, search: Search) -> int:
    """Send the events of all open letters of a kind again, at most a thousand."""
    letters = await find_letters(db, search, MOST_AT_ONCE)
    return await replay_letters(db, [letter.id for letter in letters])


async def replay_due(db: Database) -> int:
    """Try again what died of an outage that is over: after 15 minutes, 1 hour and 6 hours."""
    waits = [wait.total_seconds() for wait in AUTOMATIC_REPLAYS]
    rows = await db.fetch(DUE, list(REPLAYED_BY_ITSELF), waits, MOST_AT_ONCE)
    return await replay_letters(db, [row["id"] for row in rows])


async def discard_letter(db: Database, letter_id: int, note: str) -> bool:
    """Close a letter for good; its event stays dead."""
    return bool(await db.fetchval(DISCARD, letter_id, note))


async def _replay(tx: Transaction, ids: Sequence[int]) -> int:
    rows = await tx.fetch(MARK_REPLAYED, list(ids))
    revived = {row["id"] for row in await tx.fetch(REVIVE, [row["outbox_id"] for row in rows])}
    others = [row for row in rows if row["outbox_id"] not in revived]
    doomed = {
        (row["entity_type"], row["entity_id"])
        for row in await tx.fetch(DOOMED, [row["entity_id"] for row in others])
    }
    # Nothing that waits for its deletion is written once more.
    alive = [row for row in others if (row["entity_type"], row["entity_id"]) not in doomed]
    await enqueue(tx, [_event(dict(row)) for row in alive])
    return len(rows)


def _event(row: Mapping[str, Any]) -> Event:
    """The event of a letter whose own one is gone, or has a successor that takes it up."""
    payload = dict(row["payload"])
    return Event(
        entity_type=EntityType(row["entity_type"]),
        entity_id=row["entity_id"],
        user_id=row["user_id"],
        operation=row["operation"],
        changed_fields=payload.pop("changedFields", None),
        priority=REPLAY_PRIORITY,
        payload=payload,
    )


FIND = """
SELECT * FROM outbox_dead_letters
WHERE ($1::text IS NULL OR entity_type = $1) AND ($2::text IS NULL OR error_class = $2)
  AND ($3::timestamptz IS NULL OR created_at >= $3) AND ($4 OR resolved_at IS NULL)
ORDER BY created_at DESC, id DESC LIMIT $5"""

MARK_REPLAYED = """
UPDATE outbox_dead_letters AS d
SET resolved_at = now(), resolution = 'replayed', replay_count = d.replay_count + 1,
    last_replayed_at = now()
FROM (SELECT l.id, o.user_id FROM outbox_dead_letters AS l
      LEFT JOIN outbox_events AS o ON o.id = l.outbox_id
      WHERE l.id = ANY($1::bigint[]) AND l.resolved_at IS NULL
      ORDER BY l.id FOR UPDATE OF l) AS found
WHERE d.id = found.id
RETURNING d.*, found.user_id"""

# Of several dead events of one record only the newest is revived, and none beside a waiting one.
# The wait after a lost answer goes on (sync 11.6).
REVIVE = """
WITH dead AS (
    SELECT o.id, o.entity_type, o.entity_id,
           row_number() OVER (PARTITION BY o.entity_type, o.entity_id ORDER BY o.id DESC) AS age,
           EXISTS (SELECT FROM outbox_events AS p
                   WHERE p.entity_type = o.entity_type AND p.entity_id = o.entity_id
                     AND p.status = 'pending') AS is_followed
    FROM outbox_events AS o
    WHERE o.id = ANY($1::bigint[]) AND o.status = 'dead_letter'
)
UPDATE outbox_events AS o
SET status = CASE WHEN d.is_followed OR d.age > 1 THEN 'superseded' ELSE 'pending' END,
    attempt_count = 0, next_attempt_at = greatest(o.next_attempt_at, now()), last_error = NULL,
    error_class = CASE WHEN o.next_attempt_at > now() THEN o.error_class END,
    processed_at = CASE WHEN d.is_followed OR d.age > 1 THEN now() END
FROM dead AS d WHERE o.id = d.id
RETURNING CASE WHEN o.status = 'pending' THEN o.id END AS id"""

DOOMED = """
SELECT entity_type, entity_id FROM outbox_events
WHERE entity_id = ANY($1::text[]) AND operation = 'delete'
  AND status IN ('pending', 'processing')"""

DUE = """
SELECT d.id FROM outbox_dead_letters AS d
WHERE d.resolved_at IS NULL AND d.error_class = ANY($1::text[])
  AND d.replay_count < cardinality($2::float8[])
  AND d.created_at <= now() - make_interval(secs => ($2::float8[])[d.replay_count + 1])
  AND EXISTS (SELECT FROM outbox_events AS e
              WHERE e.status = 'processed' AND e.processed_at > d.created_at
                AND e.attempt_count > 0)
ORDER BY d.id LIMIT $3"""

DISCARD = """
UPDATE outbox_dead_letters SET resolved_at = now(), resolution = 'discarded', note = $2
WHERE id = $1 AND resolved_at IS NULL RETURNING true"""
