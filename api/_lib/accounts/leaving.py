"""People who may no longer come in, because of their status or because their record is gone."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from api._lib.accounts.rules.removals import are_too_many
from api._lib.accounts.store import leaving as store
from api._lib.db import Transaction
from api._lib.notifications import service as notifications

log = logging.getLogger(__name__)


class Removal(Struct, frozen=True):
    """What a complete listing said about people it did not hold."""

    missing: tuple[str, ...] = ()
    """Absent for the first time."""
    deleted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Too many at once to be believed."""


async def shut_out(tx: Transaction, user_ids: Sequence[str], now: datetime) -> None:
    """End the sessions and the push subscriptions of people."""
    await store.revoke_sessions(tx, user_ids, now)
    await notifications.silence(tx, user_ids)


async def mark_people_deleted(
    tx: Transaction, user_ids: Collection[str], now: datetime
) -> list[str]:
    """Shut out people whose record is definitely gone; those who were not marked before."""
    gone = await store.mark_deleted(tx, sorted(user_ids), now)
    if gone:
        await shut_out(tx, gone, now)
        await notifications.mark_all_for_planning(tx, gone, "person deleted")
        log.warning("people were deleted in Airtable", extra={"user_ids": gone})
    return gone


async def note_complete_listing(
    tx: Transaction,
    seen: Collection[str],
    read_started_at: datetime,
    now: datetime,
    *,
    confirmed: bool = False,
) -> Removal:
    """Mark people deleted who are missing from two complete listings in a row (sync 11.12).

    An empty listing, or one that lacks more than a fifth and more than five, is not believed
    unless an operator `confirmed` it; then one listing is enough.
    """
    absent = await store.absent(tx, sorted(seen), read_started_at)
    if not absent:
        return Removal()
    if not confirmed and are_too_many(len(absent), await store.count_people(tx), len(seen)):
        log.error("too many people are missing at once", extra={"count": len(absent)})
        return Removal(refused=tuple(absent))
    again = [user_id for user_id, since in absent.items() if since is not None or confirmed]
    first = [user_id for user_id in absent if user_id not in set(again)]
    await store.set_missing(tx, first, now)
    deleted = await mark_people_deleted(tx, again, now)
    return Removal(missing=tuple(first), deleted=tuple(deleted))
