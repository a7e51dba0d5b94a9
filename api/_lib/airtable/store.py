"""What the access to Airtable keeps in Postgres: its last result, the pause, and turns to send."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from api._lib.airtable.entities import EntityType
from api._lib.db import Connection, Queries

GATE = "airtable"
BASE_GATE = "base"

BACKGROUND_TURN = crc32(b"airtable-rate")
INTERACTIVE_TURN = crc32(b"airtable-rate-interactive")
"""Advisory locks: who holds one may send while Redis is away."""


async def try_turn(connection: Connection, turn: int) -> bool:
    """Take the turn for as long as this connection is kept, if it is free."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", turn))


async def note_result(db: Queries, error: str | None) -> None:
    """Remember how the last call went; health and status read it."""
    await db.execute(
        """
INSERT INTO sync_gates AS g (key, last_started_at, last_finished_at, last_ok_at, last_error)
VALUES ($1, now(), now(), CASE WHEN $2::text IS NULL THEN now() END, $2)
ON CONFLICT (key) DO UPDATE SET
    last_started_at = now(), last_finished_at = now(),
    last_ok_at = coalesce(excluded.last_ok_at, g.last_ok_at), last_error = excluded.last_error""",
        GATE,
        error,
    )


async def note_pause(db: Queries, until: datetime) -> None:
    """Remember the pause where processes that cannot reach Redis find it."""
    await db.execute(
        """
INSERT INTO sync_gates AS g (key, counts) VALUES ($1, jsonb_build_object('pausedUntil', $2::text))
ON CONFLICT (key) DO UPDATE SET counts = g.counts || excluded.counts""",
        GATE,
        until.astimezone(UTC).isoformat(),
    )


async def paused_until(db: Queries) -> datetime | None:
    """End of the last noted pause."""
    text = await db.fetchval("SELECT counts ->> 'pausedUntil' FROM sync_gates WHERE key = $1", GATE)
    return datetime.fromisoformat(text) if text else None


async def base_check(db: Queries) -> dict[str, Any] | None:
    """Result of the last look at the schema of the base."""
    counts: dict[str, Any] | None = await db.fetchval(
        "SELECT counts FROM sync_gates WHERE key = $1", BASE_GATE
    )
    return counts


async def note_base_check(db: Queries, counts: Mapping[str, object]) -> None:
    """Store the result for all processes."""
    await db.execute(
        """
INSERT INTO sync_gates AS g (key, last_started_at, last_finished_at, last_ok_at, counts)
VALUES ($1, now(), now(), now(), $2)
ON CONFLICT (key) DO UPDATE SET
    last_finished_at = now(), last_ok_at = now(), last_error = NULL, counts = excluded.counts""",
        BASE_GATE,
        counts,
    )


async def record_id(q: Queries, kind: EntityType, entity_id: str) -> str | None:
    """The living record of a row."""
    found: str | None = await q.fetchval(
        """SELECT airtable_record_id::text FROM airtable_links
           WHERE entity_type = $1 AND entity_id = $2 AND deleted_at IS NULL""",
        kind,
        entity_id,
    )
    return found


async def is_awaited(q: Queries, kind: EntityType, record_ids: Sequence[str]) -> bool:
    """Whether a change of ours to one of these records is still on its way."""
    found: bool = await q.fetchval(
        """SELECT EXISTS (
               SELECT FROM airtable_links AS l
               JOIN outbox_events AS e USING (entity_type, entity_id)
               WHERE l.entity_type = $1 AND l.airtable_record_id = ANY ($2::text[])
                 AND l.deleted_at IS NULL AND e.status IN ('pending', 'processing'))""",
        kind,
        record_ids,
    )
    return found


async def row_id(q: Queries, kind: EntityType, record_id: str) -> UUID | None:
    """The row of a record."""
    found = await q.fetchval(
        """SELECT entity_id FROM airtable_links
           WHERE entity_type = $1 AND airtable_record_id = $2""",
        kind,
        record_id,
    )
    return UUID(found) if found else None
