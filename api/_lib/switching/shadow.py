"""Shadow mode: Postgres serves, Airtable stands in, and answers of both are compared (11.14)."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

import asyncpg
import msgspec
from msgspec import Struct

from api._lib import metrics
from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.context import Context
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.errors import ApiError
from api._lib.logs import pseudonym
from api._lib.switching import store
from api._lib.switching.adopting import adopt
from api._lib.switching.comparison import Differences, compare, record_ids

T = TypeVar("T")
log = logging.getLogger(__name__)

FAILED = (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError)
EVERY_SECONDS = 10.0
"""At most one comparison in so long a time, in each process."""

LONGEST_SECONDS = 10.0


class Sides(Struct, Generic[T], frozen=True, kw_only=True):
    """One question and how each store answers it."""

    flag: str
    kinds: Sequence[EntityType]
    """What the flag governs."""
    made_of: Sequence[EntityType]
    """Whose unsent changes make answers differ."""
    question: str
    postgres: Callable[[Context], Awaitable[T]]
    airtable: Callable[[Context], Awaitable[T]]


_last_comparison: WeakKeyDictionary[Database, float] = WeakKeyDictionary()


async def read(ctx: Context, sides: Sides[T]) -> T:
    """Postgres' answer, Airtable's while Postgres fails; what only Airtable has is stored."""
    began = time.monotonic()
    try:
        if sides.kinds and not await store.are_filled(ctx.db, sides.kinds):
            await adopt(ctx, sides.kinds)
        answer = await sides.postgres(ctx)
    except FAILED as error:
        facts = {"entity": sides.flag, "endpoint": sides.question, "reason": type(error).__name__}
        log.warning("airtable stands in for postgres", extra=facts)
        ctx.background(adopt(ctx, sides.kinds))
        return await sides.airtable(ctx)
    if _is_chosen(ctx):
        ctx.background(_compared(ctx, sides, answer, time.monotonic() - began))
    return answer


def _is_chosen(ctx: Context) -> bool:
    """A sample, and never two comparisons within ten seconds."""
    if random.random() >= ctx.settings.data_backend_shadow_sample_rate:
        return False
    now = time.monotonic()
    if now - _last_comparison.get(ctx.db, -EVERY_SECONDS) < EVERY_SECONDS:
        return False
    _last_comparison[ctx.db] = now
    return True


async def _compared(ctx: Context, sides: Sides[T], answer: T, seconds: float) -> None:
    """Ask the other store when nobody else needs it, and tell what differs; never fails."""
    try:
        await asyncio.wait_for(_compare(ctx, sides, answer, seconds), LONGEST_SECONDS)
    except (AirtableError, ApiError, TimeoutError, *FAILED) as error:
        metrics.shadow_error.labels(sides.flag).inc()
        facts = {"entity": sides.flag, "endpoint": sides.question, "reason": type(error).__name__}
        log.warning("shadow_error", extra=facts)


async def _compare(ctx: Context, sides: Sides[T], answer: T, seconds: float) -> None:
    ours = msgspec.to_builtins(answer, str_keys=True)
    user_id = ctx.user.id if ctx.user else None
    before = await store.unsent(ctx.db, sides.made_of, user_id)
    began = time.monotonic()
    theirs = msgspec.to_builtins(await sides.airtable(ctx.apart()), str_keys=True)
    latency = time.monotonic() - began
    unsent = before | await store.unsent(ctx.db, sides.made_of, user_id)
    links = await store.entity_ids(ctx.db, record_ids(theirs))
    found = compare(ours, theirs, links, unsent)
    if found is None:
        return
    metrics.shadow_compared.labels(sides.flag).inc()
    if found:
        _tell(ctx, sides, found, (seconds, latency))


def _tell(ctx: Context, sides: Sides[T], found: Differences, seconds: tuple[float, float]) -> None:
    """One line and some figures, without any value."""
    for kind, number in found.counts().items():
        metrics.shadow_diff.labels(sides.flag, kind).inc(number)
    postgres, airtable = (round(second * 1000) for second in seconds)
    log.warning(
        "shadow_diff",
        extra={
            "entity": sides.flag,
            "endpoint": sides.question,
            "user_hash": pseudonym(ctx.settings.jwt_secret, ctx.user.id) if ctx.user else None,
            "missing_in_pg": found.missing_in_pg,
            "missing_in_airtable": found.missing_in_airtable,
            "field_diffs": [{"id": one, "field": field} for one, field in found.fields],
            "latency_pg_ms": postgres,
            "latency_at_ms": airtable,
        },
    )
