"""Choosing habits."""

from collections.abc import Sequence

from api._lib.content.store import selections
from api._lib.db import Transaction


async def choose_habits(tx: Transaction, user_id: str, habit_ids: Sequence[str]) -> None:
    """Make these, in this order, the habits a user sees."""
    await selections.replace_habits(tx, user_id, habit_ids)
