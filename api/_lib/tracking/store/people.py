"""The user row, held while a limit per person is checked."""

from api._lib.db import Transaction


async def lock(tx: Transaction, user_id: str) -> None:
    """Hold the user row; take it before any program, goal or rewards row."""
    await tx.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
