"""People whom somebody made in Airtable a moment ago can log in at once (auth sheet 8)."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from weakref import WeakKeyDictionary

from msgspec import Struct, field

from api._lib import metrics
from api._lib.accounts.model import Account
from api._lib.accounts.provisioning import Reading, apply_airtable_users
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.accounts.store import people
from api._lib.airtable import formula
from api._lib.airtable.errors import AirtableError, MissingError
from api._lib.airtable.gateway import Gateway, RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.limits import Bucket, Limits, Use

log = logging.getLogger(__name__)
SECONDS = 3.0
NOT_THERE_SECONDS = 30
LOOK_UPS = Bucket("readthrough", 2, 1)
"""Outsiders who try addresses must not use up what Airtable allows (F-A25)."""

REFUSED = frozenset({Verdict.TOMBSTONED, Verdict.NO_EMAIL, Verdict.DUPLICATE_EMAIL})

Look: TypeAlias = Callable[[], Awaitable[list[RemoteRecord]]]


class Flights(Struct):
    """The look-ups of this process that are under way, by what is looked for."""

    limits: Limits
    running: dict[str, asyncio.Task[Account | None]] = field(default_factory=dict)


_flights: WeakKeyDictionary[Gateway, Flights] = WeakKeyDictionary()


async def find_by_email(ctx: Context, email: str) -> Account | None:
    """The person with an address, taken over from Airtable; nobody when that fails."""
    title = USERS.field("email").title

    async def look() -> list[RemoteRecord]:
        where = formula.equals_ignoring_case(title, email)
        page = await ctx.airtable.page(USERS, Lane.INTERACTIVE, where=where, size=2, most=2)
        return page.records

    account = await _shared(ctx, email, look)
    return account if account is not None and account.email == email else None


async def find_by_id(ctx: Context, user_id: str) -> Account | None:
    """The person of a record, taken over from Airtable; nobody when that fails."""
    if not formula.is_record_id(user_id):
        return None

    async def look() -> list[RemoteRecord]:
        try:
            return [await ctx.airtable.get(USERS, user_id, Lane.INTERACTIVE)]
        except MissingError:
            return []

    return await _shared(ctx, user_id, look)


async def _shared(ctx: Context, key: str, look: Look) -> Account | None:
    """One request for all who look for the same at the same time."""
    if not (ctx.settings.user_readthrough_fallback_enabled and ctx.airtable.configured):
        return None
    flights = _flights.setdefault(ctx.airtable, Flights(Limits(ctx.cache)))
    task = flights.running.get(key)
    if task is None:
        task = asyncio.create_task(_find(ctx, key, look, flights.limits))
        flights.running[key] = task
        task.add_done_callback(lambda _: flights.running.pop(key, None))
    # Who stops waiting must not end it for the others.
    return await asyncio.shield(task)


async def _find(ctx: Context, key: str, look: Look, limits: Limits) -> Account | None:
    outcome, account = await _looked_up(ctx, key, look, limits)
    metrics.readthrough_attempts.labels(outcome).inc()
    if account is not None:
        metrics.readthrough_success.inc()
    return account


async def _looked_up(
    ctx: Context, key: str, look: Look, limits: Limits
) -> tuple[str, Account | None]:
    memory = f"readthrough:none:{hashlib.sha256(key.encode()).hexdigest()}"
    if await ctx.cache.get(memory):
        return "remembered", None
    if await limits.wait_after(Use(LOOK_UPS, "all")):
        return "limited", None
    reading = Reading(started_at=ctx.clock.now())
    try:
        async with asyncio.timeout(SECONDS):
            records = await look()
    except (AirtableError, TimeoutError) as error:
        log.warning("people cannot be looked up", extra={"reason": type(error).__name__})
        return "failed", None
    account = await _take_over(ctx, records, reading)
    if account is None:
        await ctx.cache.set(memory, b"1", NOT_THERE_SECONDS)
    return ("nobody" if account is None else "found"), account


async def _take_over(ctx: Context, records: list[RemoteRecord], reading: Reading) -> Account | None:
    if len(records) > 1:
        ids = [record.id for record in records]
        log.error("several records have one address", extra={"record_ids": ids})
    if len(records) != 1:
        return None
    async with ctx.db.transaction() as tx:
        [arrival] = await apply_airtable_users(tx, records, reading, ctx.clock.now())
    if arrival.verdict in REFUSED:
        return None
    return await people.account_by_id(ctx.db, arrival.id)
