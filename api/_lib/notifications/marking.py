"""The marker that a person's reminders need planning."""

from collections.abc import Iterable

from api._lib.db import Transaction

# The moment moves with every mark, so that the planner sees that it was set again meanwhile.
MARK = """
INSERT INTO notification_planning (user_id, requested_at, reason)
SELECT id, clock_timestamp(), $2 FROM unnest($1::text[]) AS marked(id) ORDER BY id
ON CONFLICT (user_id) DO UPDATE
SET requested_at = excluded.requested_at, reason = excluded.reason"""


async def mark(tx: Transaction, user_ids: Iterable[str], reason: str) -> None:
    """Set the marker of people."""
    await tx.execute(MARK, sorted(set(user_ids)), reason)
