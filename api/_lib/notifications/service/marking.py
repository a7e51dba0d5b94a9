"""Asking for somebody's reminders to be planned anew."""

from collections.abc import Iterable

from api._lib.db import Transaction
from api._lib.notifications.store import marking


async def mark_for_planning(tx: Transaction, user_id: str, reason: str) -> None:
    """Have a person's reminders planned anew once this transaction is committed (R10)."""
    await marking.mark(tx, [user_id], reason)


async def mark_all_for_planning(tx: Transaction, user_ids: Iterable[str], reason: str) -> None:
    """Have the reminders of several people planned anew once this transaction is committed."""
    await marking.mark(tx, user_ids, reason)
