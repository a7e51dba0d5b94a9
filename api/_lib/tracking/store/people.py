"""The user row, held before anything else of a person."""

from api._lib.db import Transaction


async def lock(tx: Transaction, user_id: str) -> None:
    """Hold the user row; take it before any other row or event, as erasing a person does."""
    await tx.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
