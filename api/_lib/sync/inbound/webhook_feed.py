"""Applying what Airtable's webhook tells: ids from the payloads, data always from the records."""

import logging
from collections.abc import Mapping

from api._lib.airtable.errors import AirtableError, ConfigurationError
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.sync.inbound import webhook_store as store
from api._lib.sync.inbound.content import import_changed, import_content
from api._lib.sync.inbound.content_tables import CONTENT, ContentTable
from api._lib.sync.inbound.listing import listed
from api._lib.sync.inbound.people import list_people, take_people
from api._lib.sync.inbound.reading import started
from api._lib.sync.inbound.webhook_rules import Changes, Feed, read_payloads
from api._lib.sync.inbound.webhook_store import Webhook

log = logging.getLogger(__name__)

LANE = Lane.OUTBOX
"""People wait for these changes, so they go before polls."""

MANY = 1_000
"""So many changed records of a table are listed rather than asked for by id."""


async def drain(ctx: Context, only_news: bool) -> Mapping[str, int]:
    """Apply all payloads from the stored cursor on; raises AirtableError.

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
        await listed(ctx, USERS.key, lambda: list_people(ctx), patience=30.0)
        return 0
    names = {table_id: name for name, table_id in ctx.settings.airtable_tables.items()}
    applied = 0
    for table_id, changes in feed.tables.items():
        applied += await _apply_table(ctx, names.get(table_id), changes)
    return applied


async def _apply_table(ctx: Context, name: str | None, changes: Changes) -> int:
    count = len(changes.changed | changes.destroyed)
    if name == USERS.key:
        await _apply_people(ctx, changes)
    elif name in CONTENT:
        await _apply_content(ctx, CONTENT[name], changes)
    else:
        return 0
    return count


async def _apply_people(ctx: Context, changes: Changes) -> None:
    changed = sorted(changes.changed - changes.destroyed)
    verdicts = await take_people(ctx, changed, changes.destroyed, LANE)
    for user_id, verdict in verdicts.items():
        if verdict is None:
            await store.call(ctx.db, "recheck_user", user_id)


async def _apply_content(ctx: Context, table: ContentTable, changes: Changes) -> None:
    """Texts are keyed by what they say, so their deletions need the whole table."""
    is_keyed_by_text = table.key != "id" and bool(changes.destroyed)
    if is_keyed_by_text or len(changes.changed | changes.destroyed) > MANY:
        await _relist(ctx, table)
        return
    try:
        await import_changed(ctx, table, sorted(changes.changed), sorted(changes.destroyed))
    except AirtableError:
        raise
    except Exception:
        # One record must not hold up the feed; the listing isolates or reports it.
        log.exception("changes could not be applied", extra={"table": table.name})
        await _relist(ctx, table)


async def _relist(ctx: Context, table: ContentTable) -> None:
    await listed(ctx, table.name, lambda: import_content(ctx, table), patience=30.0)
