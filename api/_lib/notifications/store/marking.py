"""The marker that a person's reminders need planning."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from api._lib.db import Queries, Transaction

CHANNEL = "mfa_planning"
"""Postgres channel on which a committed marker wakes the workers; empty = several people."""

# The moment moves with every mark, so that the planner sees that it was set again meanwhile.
MARK = """
WITH marked AS (
    INSERT INTO notification_planning AS p (user_id, requested_at, reason)
    SELECT id, clock_timestamp(), $2 FROM unnest($1::text[]) AS m(id) ORDER BY id
    ON CONFLICT (user_id) DO UPDATE
    SET requested_at = greatest(excluded.requested_at, p.requested_at + interval '1 microsecond'),
        reason = excluded.reason
    RETURNING user_id)
SELECT pg_notify($3, CASE count(*) WHEN 1 THEN min(user_id::text) ELSE '' END)
FROM marked HAVING count(*) > 0"""

# In the order they were set; a failed one is passed over until the next look.
MARKED = """
SELECT user_id::text, requested_at FROM notification_planning
WHERE (requested_at, user_id::text) > ($1, $2)
ORDER BY requested_at, user_id::text LIMIT $3"""

READ = """
SELECT user_id::text, requested_at FROM notification_planning WHERE user_id = ANY($1::text[])"""

# Whoever holds a marker is setting it again, so it stays.
CLEAR = """
DELETE FROM notification_planning WHERE user_id IN (
    SELECT p.user_id FROM notification_planning AS p
    JOIN unnest($1::text[], $2::timestamptz[]) AS m(user_id, requested_at)
      ON m.user_id = p.user_id AND m.requested_at = p.requested_at
    ORDER BY p.user_id FOR UPDATE OF p SKIP LOCKED)"""

Marker = tuple[datetime, str]


async def mark(tx: Transaction, user_ids: Iterable[str], reason: str) -> None:
    """Set the marker of people; the workers hear of it when the transaction is committed."""
    await tx.execute(MARK, sorted(set(user_ids)), reason, CHANNEL)


async def marked(q: Queries, after: Marker, limit: int) -> Sequence[Marker]:
    """The oldest markers after one."""
    rows = await q.fetch(MARKED, *after, limit)
    return [(row["requested_at"], row["user_id"]) for row in rows]


async def read(q: Queries, user_ids: Sequence[str]) -> Mapping[str, datetime]:
    """When people were marked, of those who are."""
    rows = await q.fetch(READ, user_ids)
    return {row["user_id"]: row["requested_at"] for row in rows}


async def clear(tx: Transaction, markers: Mapping[str, datetime]) -> None:
    """Remove markers that nobody has set again since they were read."""
    if markers:
        await tx.execute(CLEAR, list(markers), list(markers.values()))
