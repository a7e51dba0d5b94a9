"""Erasing a person here and in Airtable, in one transaction and for good (F-A8)."""

from msgspec import Struct

from api._lib.accounts.store import erasing as store
from api._lib.accounts.store.provisioning import lock_address
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import unauthorized
from api._lib.limits import ERASE_USER, Use
from api._lib.outbox import Event, enqueue, forget

PRIORITY = 10


class Erased(Struct, frozen=True):
    """What an erasure removed, and how many records are still to be deleted in Airtable."""

    rows: store.Counts
    events: int
    dead_letters: int
    links: int
    deletes: int


async def erase(ctx: Context, user: User) -> Erased:
    """Erase the signed-in person; polls, webhooks and logins never bring them back."""
    await ctx.limits.take(Use(ERASE_USER, user.id))

    async def block(tx: Transaction) -> Erased:
        return await _erase(tx, user)

    return await ctx.db.run(block)


async def _erase(tx: Transaction, user: User) -> Erased:
    # Nobody takes the person over from Airtable at the same moment.
    await lock_address(tx, user.email)
    if not await store.lock(tx, user.id):
        raise unauthorized(clear_session=True)
    rows = await store.count(tx, user.id)
    # What is sent from here on would have no delete behind it.
    await store.hold_events(tx, user.id)
    remote = await store.remote_records(tx, user.id)
    await store.bury_aliases(tx, user.id)
    # Deletes come first: they inherit what is known of tries under way.
    await enqueue(tx, [_delete(record, user.id) for record in remote], always=True)
    forgotten = await forget(tx, user.id)
    await store.delete(tx, user.id)
    return Erased(
        rows=rows,
        events=forgotten.events,
        dead_letters=forgotten.letters,
        links=sum(record.linked for record in remote),
        deletes=len(remote),
    )


def _delete(record: store.Remote, user_id: str) -> Event:
    return Event(
        entity_type=record.entity_type,
        entity_id=record.entity_id,
        user_id=user_id,
        operation="delete",
        priority=PRIORITY,
        payload={"reason": "erasure"},
    )
