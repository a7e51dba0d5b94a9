"""What is stored together with a confirmed program: own beliefs and chosen habits."""

from collections.abc import Sequence
from uuid import UUID

from api._lib.db import Transaction

# $4 how many beliefs a user may have
INSERT_BELIEFS = """
INSERT INTO personal_beliefs (user_id, program_id, name, created_at)
SELECT $1::text, $2, given.name, clock_timestamp() + given.n * interval '1 microsecond'
FROM unnest($3::text[]) WITH ORDINALITY AS given(name, n)
WHERE given.n <= $4 - (
    SELECT count(*) FROM personal_beliefs WHERE user_id = $1::text AND status <> 'Verwijderd')
RETURNING id"""

REPLACE_HABITS = """
WITH gone AS (
    DELETE FROM habit_selections WHERE user_id = $1::text AND habit_id <> ALL ($2::text[])
)
INSERT INTO habit_selections AS h (user_id, habit_id, position)
SELECT $1::text, id, n - 1 FROM unnest($2::text[]) WITH ORDINALITY AS given(id, n)
ON CONFLICT (user_id, habit_id) DO UPDATE SET position = excluded.position
WHERE h.position <> excluded.position"""


async def insert_beliefs(
    tx: Transaction, user_id: str, program_id: UUID, names: Sequence[str], limit: int
) -> list[UUID]:
    """Store own beliefs as far as the user's limit allows; the ids of those stored."""
    rows = await tx.fetch(INSERT_BELIEFS, user_id, program_id, names, limit)
    return [row["id"] for row in rows]


async def replace_habits(tx: Transaction, user_id: str, habits: Sequence[str]) -> None:
    """Make these the habits the user chose."""
    await tx.execute(REPLACE_HABITS, user_id, habits)
