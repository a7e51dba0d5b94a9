"""What all changes in Airtable share: ids that make repeats harmless, and the row that mirrors."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg

from api._lib.airtable.entities import EntityType
from api._lib.airtable.records import Record
from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.db import DatabaseUnavailableError, Transaction
from api._lib.errors import not_found
from api._lib.outbox import Event, enqueue
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Activity

log = logging.getLogger(__name__)

OURS = UUID("b9a3e6f0-6f0e-4d0c-9d55-4a1c7c2f5e10")

Then = Callable[[Transaction], Awaitable[list[Event]]]


def same_id(*parts: object) -> UUID:
    """An App ID that follows from what a record stands for: made twice, it is one record."""
    return uuid5(OURS, ":".join(map(str, parts)))


def id_of_request(user_id: str, key: str | None) -> UUID:
    """The App ID of what a request makes; a repeated request makes the same."""
    return same_id("request", user_id, key) if key is not None else uuid4()


async def check_known(ctx: Context, wanted: content.ContentList[Any], record_id: str) -> None:
    """Refuse content that does not exist; raises a 404."""
    if await content.unknown(ctx, wanted, [record_id]):
        raise not_found()


def counting(ctx: Context, user: User, activity: Activity | None = None) -> Then:
    """Count the person's rewards anew."""

    async def then(tx: Transaction) -> list[Event]:
        return await rewards.count(tx, user.id, ctx.today(user), activity)

    return then


async def nothing_more(tx: Transaction) -> list[Event]:
    """Nothing follows from a change."""
    return []


async def mirror(
    ctx: Context,
    user: User,
    kind: EntityType,
    record: Record,
    *,
    is_new: bool,
    then: Then = nothing_more,
) -> None:
    """Store the row of a record that was just written, and what follows from it, with rewards held.

    Airtable has the record, so the request has succeeded: trouble here is made good by the next
    listing, all but a bonus, which a listing cannot tell from one that was paid long ago.
    """

    async def block(tx: Transaction) -> None:
        await rewards.lock(tx, user.id)
        made_at = ctx.now if is_new else None
        await ctx.bridge.take(tx, kind, [record.record], made_at=made_at)
        await enqueue(tx, await then(tx))

    await _best_effort(ctx, kind, block)


async def forget(
    ctx: Context, user: User, kind: EntityType, record_id: str, then: Then = nothing_more
) -> None:
    """Let the row of a record go that was just deleted, as far as that is possible now."""

    async def block(tx: Transaction) -> None:
        await rewards.lock(tx, user.id)
        await ctx.bridge.forget(tx, kind, [record_id])
        await enqueue(tx, await then(tx))

    await _best_effort(ctx, kind, block)


async def _best_effort(
    ctx: Context, kind: EntityType, block: Callable[[Transaction], Awaitable[None]]
) -> None:
    try:
        await ctx.db.run(block)
    except (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        facts = {"entityType": kind, "reason": type(error).__name__}
        log.warning("a record was written, its row not yet", extra=facts)
