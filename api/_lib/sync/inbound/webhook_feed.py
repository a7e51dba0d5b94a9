"""Applying what Airtable's webhook tells: ids from the payloads, data always from the records."""

import logging
from collections.abc import Awaitable, Mapping

from api._lib.accounts.service import Verdict
from api._lib.airtable.errors import AirtableError, ConfigurationError, RefusedError
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.sync.inbound import webhook_store as store
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.inbound.content import import_changed
from api._lib.sync.inbound.content_tables import CONTENT, ContentTable
from api._lib.sync.inbound.listing import BusyError, list_content, listed
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.people import list_people, take_people
from api._lib.sync.inbound.poison import POISON
from api._lib.sync.inbound.reading import started
from api._lib.sync.inbound.tracking import (
    list_mirrored,
    mirrored,
    mirrored_table,
    take_mirrored,
)
from api._lib.sync.inbound.webhook_rules import Changes, Feed, read_payloads
from api._lib.sync.inbound.webhook_store import Webhook

log = logging.getLogger(__name__)

LANE = Lane.OUTBOX
"""People wait for these changes, so they go before polls."""

MANY = 1_000
"""So many changed records of a table are listed rather than asked for by id."""

OF_A_TABLE = (RefusedError, ConfigurationError)
"""What Airtable says when somebody removed a field or a table."""

PATIENCE_SECONDS = 30.0
"""How long to wait for another process that lists the same table."""


async def drain(ctx: Context, only_news: bool) -> Mapping[str, int]:
    """Apply all payloads from the stored cursor on; raises AirtableError, BusyError.

    Several workers hear of the same ping: with `only_news` those who come late do nothing.
    """
    counts = {"payloads": 0, "records": 0}
    while True:
        webhook = await store.current(ctx.db, ctx.settings.jwt_secret)
        if webhook is None or (only_news and not webhook.has_news):
            return counts
        began_at = await started(ctx.db)
        await _drain_once(ctx, webhook, counts)
        await store.note_listed(ctx.db, webhook.id, began_at)
        only_news = True


async def _drain_once(ctx: Context, webhook: Webhook, counts: dict[str, int]) -> None:
    cursor, more = webhook.cursor, True
    while more:
        try:
            answer = await ctx.airtable.webhook_payloads(webhook.id, cursor, LANE)
        except ConfigurationError as error:
            if error.status in (403, 404):
                # Expired or removed: it is registered anew, and a full listing finds the rest.
                await store.forget(ctx.db)
                await store.call(ctx.db, "keep_webhook")
            raise
        payloads, following = answer["payloads"], int(answer["cursor"])
        more = bool(answer.get("mightHaveMore"))
        feed = read_payloads(payloads, cursor, following)
        counts["payloads"] += len(payloads)
        counts["records"] += await _apply(ctx, feed)
        cursor = following
        await store.advance(ctx.db, webhook.id, cursor)


async def _apply(ctx: Context, feed: Feed) -> int:
    """Apply the changes of each table; a gap means that every table is listed."""
    if not feed.is_whole:
        log.warning("payloads of the webhook are missing, so every table is listed")
        for table in CONTENT.values():
            await _relist(ctx, table)
        await _whole(
            ctx,
            USERS.key,
            listed(ctx, USERS.key, lambda: list_people(ctx), patience=PATIENCE_SECONDS),
        )
        for activity in mirrored(ctx.settings):
            await _relist_activity(ctx, activity)
        return 0
    names = {table_id: name for name, table_id in ctx.settings.airtable_tables.items()}
    changed = {name: feed.tables[key] for key, name in names.items() if key in feed.tables}
    # Content, then people, then what they do, parents first: nothing comes before what it names.
    order = [*CONTENT, USERS.key, *(one.entity.table.key for one in mirrored(ctx.settings))]
    return sum([await _apply_table(ctx, name, changed[name]) for name in order if name in changed])


async def _apply_table(ctx: Context, name: str, changes: Changes) -> int:
    activity = mirrored_table(ctx.settings, name)
    if name == USERS.key:
        await _apply_people(ctx, changes)
    elif activity is not None:
        await _apply_activity(ctx, activity, changes)
    else:
        await _apply_content(ctx, CONTENT[name], changes)
    return len(changes.changed | changes.destroyed)


async def _apply_people(ctx: Context, changes: Changes) -> None:
    changed = sorted(changes.changed - changes.destroyed)
    verdicts = await take_people(ctx, changed, changes.destroyed, LANE)
    for user_id, verdict in verdicts.items():
        if verdict in (None, Verdict.STALE):
            await store.call(ctx.db, "recheck_user", user_id)


async def _apply_content(ctx: Context, table: ContentTable, changes: Changes) -> None:
    """Where only one record may hold a key or a value, the others tell whether it is this one.

    Then the whole table is listed; so it is when a text's key changed, for the old one must go.
    """
    if table.holds_one_of_a_kind or len(changes.changed | changes.destroyed) > MANY:
        await _relist(ctx, table)
        return
    try:
        await import_changed(ctx, table, sorted(changes.changed), sorted(changes.destroyed))
    except Exception as error:
        if isinstance(error, AirtableError) and not isinstance(error, OF_A_TABLE):
            raise
        # One record must not hold up the feed; the listing takes the others.
        log.exception("changes could not be applied", extra={"table": table.name})
        await _relist(ctx, table)


async def _apply_activity(ctx: Context, activity: Activity, changes: Changes) -> None:
    if len(changes.changed | changes.destroyed) > MANY:
        await _relist_activity(ctx, activity)
        return
    try:
        await take_mirrored(ctx, activity, sorted(changes.changed), sorted(changes.destroyed))
    except OF_A_TABLE:
        await _relist_activity(ctx, activity)


async def _relist(ctx: Context, table: ContentTable) -> None:
    await _whole(ctx, table.name, list_content(ctx, table, patience=PATIENCE_SECONDS))


async def _relist_activity(ctx: Context, activity: Activity) -> None:
    listing = list_mirrored(ctx, activity, patience=PATIENCE_SECONDS)
    await _whole(ctx, activity.entity.table.key, listing)


async def _whole(ctx: Context, name: str, listing: Awaitable[Outcome | None]) -> None:
    """Wait for a listing of ours: one that somebody else began may not hold the change yet.

    Where the table itself is the trouble, the others do not wait for it (N8); its gate tells.
    """
    try:
        outcome = await listing
    except (*POISON, *OF_A_TABLE) as error:
        if not await _is_of_one_table(ctx, name, error):
            raise
        log.exception("a table cannot be taken over", extra={"table": name})
        return
    if outcome is None:
        raise BusyError(name)


async def _is_of_one_table(ctx: Context, name: str, error: Exception) -> bool:
    """Whether trouble that trying again does not help leaves the other tables alone.

    A table out of reach may mean that the token lost its rights, so then people must be in reach.
    """
    if not isinstance(error, ConfigurationError):
        return True
    if error.status == 401 or name == USERS.key:
        return False
    await ctx.airtable.page(USERS, LANE, size=1, most=1)
    return True
