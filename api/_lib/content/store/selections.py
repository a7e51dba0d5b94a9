"""SQL of the habits that people choose."""

from collections.abc import Sequence

from api._lib.db import Transaction

REPLACE = """
WITH gone AS (
    DELETE FROM habit_selections WHERE user_id = $1::text AND habit_id <> ALL ($2::text[])
)
INSERT INTO habit_selections AS h (user_id, habit_id, position)
SELECT $1::text, id, n - 1 FROM unnest($2::text[]) WITH ORDINALITY AS given(id, n)
ON CONFLICT (user_id, habit_id) DO UPDATE SET position = excluded.position
WHERE h.position <> excluded.position"""


async def replace_habits(tx: Transaction, user_id: str, habits: Sequence[str]) -> None:
    """Make these the habits a user chose."""
    await tx.execute(REPLACE, user_id, habits)
