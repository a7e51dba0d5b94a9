"""What others may do with reminders."""

from collections.abc import Iterable

from api._lib.db import Transaction
from api._lib.notifications import marking


async def mark_for_planning(tx: Transaction, user_id: str, reason: str) -> None:
    """Have a person's reminders planned anew once this transaction is committed."""
    await marking.mark(tx, [user_id], reason)


async def mark_all_for_planning(tx: Transaction, user_ids: Iterable[str], reason: str) -> None:
    """Have the reminders of several people planned anew once this transaction is committed."""
    await marking.mark(tx, user_ids, reason)
