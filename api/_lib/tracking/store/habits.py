"""Habit ticks in Postgres."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from api._lib.db import Queries, Transaction

# The second half finds the tick that was there before; both see the table as it was.
_TICK = """
WITH ticked AS (
    INSERT INTO habit_completions (user_id, habit_id, completed_on)
    SELECT $1, id, $3 FROM habits WHERE id = $2
    ON CONFLICT (user_id, habit_id, completed_on) DO NOTHING
    RETURNING id
)
SELECT id, true AS is_new FROM ticked
UNION ALL
SELECT id, false FROM habit_completions
WHERE user_id = $1 AND habit_id = $2 AND completed_on = $3"""

_UNTICK = """
WITH gone AS (
    DELETE FROM habit_completions
    WHERE user_id = $1 AND habit_id = $2 AND completed_on = $3
    RETURNING id
)
SELECT EXISTS (SELECT FROM habits WHERE id = $2) AS known, (SELECT id FROM gone) AS id"""


class Tick(Struct, frozen=True):
    """The tick of a habit on a day, and whether it was made just now."""

    id: UUID
    is_new: bool


class Unticked(Struct, frozen=True):
    """Whether the habit exists, and the tick that was removed."""

    known: bool
    id: UUID | None


async def of_day(db: Queries, user_id: str, day: date) -> Sequence[str]:
    """Ids of the habits ticked on a day, in order."""
    rows = await db.fetch(
        "SELECT habit_id FROM habit_completions WHERE user_id = $1 AND completed_on = $2"
        " ORDER BY habit_id",
        user_id,
        day,
    )
    return [row["habit_id"] for row in rows]


async def tick(tx: Transaction, user_id: str, habit_id: str, day: date) -> Tick | None:
    """Tick a habit or find the tick that exists; nothing when there is no such habit."""
    row = await tx.fetchrow(_TICK, user_id, habit_id, day)
    return None if row is None else Tick(row["id"], row["is_new"])


async def untick(tx: Transaction, user_id: str, habit_id: str, day: date) -> Unticked:
    """Remove the tick of a day, if there is one."""
    [row] = await tx.fetch(_UNTICK, user_id, habit_id, day)
    return Unticked(row["known"], row["id"])
