"""The jobs of the reading half, and when each of them is due."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from api._lib.airtable.formula import is_record_id
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.sync.gates import read_gate
from api._lib.sync.inbound.content import import_order as take_order
from api._lib.sync.inbound.content_tables import COMPANIES, CONTENT, REFERENCE, TRANSLATIONS
from api._lib.sync.inbound.listing import list_all, list_content, listed
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.people import list_people, poll_people, take_people
from api._lib.sync.inbound.showing import show_rest
from api._lib.sync.inbound.tracking import list_mirrored, mirrored
from api._lib.sync.inbound.webhook_feed import drain
from api._lib.sync.inbound.webhook_rules import wanted_url
from api._lib.sync.inbound.webhook_store import call, is_healthy
from api._lib.sync.inbound.webhooks import keep_registered
from api._lib.sync.jobs import Counts, Runtime
from api._lib.sync.locks import exclusive
from api._lib.sync.reconcile.run import Reconciliation, Wish
from api._lib.sync.schedule import Poll, periods, retry_period, used_calls

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400.0
RETRY_WEBHOOK_SECONDS = 3_600.0
VIEWS = tuple(table for table in CONTENT.values() if table.table.view)


async def poll_users(runtime: Runtime) -> Counts:
    """Take over the people changed in Airtable since the last look."""
    ctx = runtime.ctx
    async with runtime.imports, exclusive(ctx.db, "listing:users") as mine:
        return _counts(await poll_people(ctx)) if mine else None


async def import_reference(runtime: Runtime) -> Counts:
    """List people and every content table; one that fails does not stop the others."""
    ctx = runtime.ctx
    used = await used_calls(ctx.db, ctx.settings)
    if used.is_scarce:
        log.error("most of this month's Airtable calls are used", extra={"calls": used.calls})
    # Companies before people, who name them.
    tables = [COMPANIES, *(table for table in REFERENCE if table is not COMPANIES)]
    listings = [(table.name, partial(list_content, ctx, table)) for table in tables]
    people = partial(listed, ctx, USERS.key, partial(list_people, ctx))
    async with runtime.imports:
        return await list_all(ctx, [listings[0], (USERS.key, people), *listings[1:]])


async def import_translations(runtime: Runtime) -> Counts:
    """List the texts of the client."""
    async with runtime.imports:
        outcome = await list_content(runtime.ctx, TRANSLATIONS)
    return None if outcome is None else _counts(outcome)


async def import_tracking(runtime: Runtime) -> Counts:
    """Mirror what people do, as far as Airtable owns it: parents first, each table by itself."""
    ctx = runtime.ctx
    listings = [
        (activity.entity.table.key, partial(list_mirrored, ctx, activity))
        for activity in mirrored(ctx.settings)
    ]
    async with runtime.imports:
        return await list_all(ctx, listings)


async def import_order(runtime: Runtime) -> Counts:
    """Take over what webhooks do not tell: that somebody dragged a record in a view."""
    moved = 0
    async with runtime.imports:
        for table in VIEWS:
            async with exclusive(runtime.db, f"listing:{table.name}") as mine:
                moved += await take_order(runtime.ctx, table) if mine else 0
    return {"moved": moved}


async def show_content(runtime: Runtime) -> Counts:
    """Show what a worker stored and could not show, because it died or Redis was away."""
    return {"tables": await show_rest(runtime.ctx)}


async def keep_webhook(runtime: Runtime) -> Counts:
    """Register Airtable's webhook, or let it live on."""
    ctx = runtime.ctx
    async with exclusive(ctx.db, "webhook", patience=30.0) as mine:
        state = await keep_registered(ctx) if mine else "busy"
    if state == "registered":
        await call(ctx.db, "drain_webhook")
    return {"registered": state == "registered"}


async def drain_webhook(runtime: Runtime, only_news: str = "") -> Counts:
    """Apply what Airtable's webhook told since the last time.

    A ping is heard by every worker, and then `only_news` lets the first one do the work.
    """
    async with exclusive(runtime.db, "webhook", patience=30.0) as mine:
        return await drain(runtime.ctx, bool(only_news)) if mine else None


async def recheck_user(runtime: Runtime, user_id: str) -> Counts:
    """Bring back a person whose record was only away for a moment."""
    if not is_record_id(user_id):
        return None
    async with exclusive(runtime.db, f"recheck:{user_id}") as mine:
        if not mine:
            return None
        found = await take_people(runtime.ctx, [user_id], [], Lane.OUTBOX)
    return {"back": found.get(user_id) is not None}


async def reconcile_stores(runtime: Runtime) -> Counts:
    """Compare both stores by night and keep what differs; nothing is repaired."""
    ctx = runtime.ctx
    async with exclusive(ctx.db, "reconcile") as mine:
        if not mine:
            return None
        report = await Reconciliation(ctx, Wish()).go()
    found = {c.entity: len(c.real) for c in report.comparisons if c.real}
    if found:
        log.error("the stores differ", extra={"differences": found})
    return {"differences": sum(found.values()), "uncompared": report.exit_code == 2}


def every(poll: Poll) -> Callable[[Runtime], Awaitable[float | None]]:
    """The period of a reading: longer while webhooks work, short after a failure."""

    async def period(runtime: Runtime) -> float | None:
        with_webhooks = await is_healthy(runtime.db)
        seconds = periods(runtime.settings, with_webhooks).get(poll)
        if seconds is None:
            return None
        gate = await read_gate(runtime.db, poll)
        if gate is None or not gate.last_error:
            return seconds
        return retry_period(runtime.settings, with_webhooks, poll)

    return period


async def webhook_period(runtime: Runtime) -> float | None:
    """Daily; sooner while the webhook that is wanted is missing."""
    if wanted_url(runtime.settings) is None:
        return None
    gate = await read_gate(runtime.db, "webhook_refresh")
    if gate is not None and gate.last_error:
        return RETRY_WEBHOOK_SECONDS
    return DAY_SECONDS


def _counts(outcome: Outcome) -> Counts:
    return {
        "read": outcome.read,
        "changed": outcome.inserted + outcome.updated + outcome.removed,
        "failed": outcome.failed,
    }
