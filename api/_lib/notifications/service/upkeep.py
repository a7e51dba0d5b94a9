"""What the worker does now and then, and what a new id of a person means."""

from collections.abc import Sequence

from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.notifications.service.marking import mark_for_planning
from api._lib.notifications.store import delivering, planning, renaming, subscriptions


async def reap_leases(ctx: Context) -> int:
    """Let reminders wait again whose worker died; how many (S1)."""
    return await delivering.reap(ctx.db, ctx.settings.notification_max_retries, ctx.clock.now())


async def follow_rekey(tx: Transaction, old_id: str, new_id: str) -> None:
    """Keep a person's reminders recognisable after their id changed, and plan anew (F24)."""
    await renaming.rename(tx, old_id, new_id)
    await mark_for_planning(tx, new_id, "account has a new id")


async def silence(tx: Transaction, user_ids: Sequence[str]) -> None:
    """End the subscriptions of people who may no longer come in, and cancel what waits (F19)."""
    await subscriptions.revoke_all(tx, user_ids)
    await planning.cancel_open(tx, user_ids)
