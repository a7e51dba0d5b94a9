"""Completed beliefs in Postgres."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from api._lib.db import Queries, Transaction

# The second half finds the completion that was there before; both see the table as it was.
_COMPLETE = """
WITH completed AS (
    INSERT INTO belief_completions (user_id, belief_id, program_id, completed_on)
    SELECT $1, id, $3, $4 FROM beliefs WHERE id = $2
    ON CONFLICT (user_id, belief_id) DO NOTHING
    RETURNING id
)
SELECT id, true AS is_new FROM completed
UNION ALL
SELECT id, false FROM belief_completions WHERE user_id = $1 AND belief_id = $2"""


class Completion(Struct, frozen=True):
    """The completion of a belief, and whether it was made just now."""

    id: UUID
    is_new: bool


async def completed(db: Queries, user_id: str) -> Sequence[str]:
    """Ids of all beliefs a person completed, in whatever program (T13)."""
    rows = await db.fetch(
        "SELECT belief_id FROM belief_completions WHERE user_id = $1 ORDER BY belief_id", user_id
    )
    return [row["belief_id"] for row in rows]


async def complete(
    tx: Transaction, user_id: str, belief_id: str, program_id: UUID | None, day: date
) -> Completion | None:
    """Complete a belief or find that it was; nothing when there is no such belief."""
    row = await tx.fetchrow(_COMPLETE, user_id, belief_id, program_id, day)
    return None if row is None else Completion(row["id"], row["is_new"])
