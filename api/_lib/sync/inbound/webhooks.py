"""Keeping one webhook registered: made, refreshed daily, made anew when it is not right."""

import logging
from datetime import datetime
from typing import Any

from api._lib.airtable.cells import parse_moment
from api._lib.airtable.errors import AirtableError, ConfigurationError
from api._lib.airtable.limiter import Lane
from api._lib.context import Context
from api._lib.sync.inbound import webhook_store as store
from api._lib.sync.inbound.tracking import mirrored
from api._lib.sync.inbound.webhook_rules import fingerprint, specification, wanted_url
from api._lib.sync.inbound.webhook_store import Webhook
from api._lib.sync.schedule import Poll

log = logging.getLogger(__name__)


async def keep_registered(ctx: Context) -> str:
    """Let the registered webhook be the wanted one: off, refreshed, registered or forbidden.

    Raises AirtableError; a token without the right for webhooks means polling.
    """
    url = wanted_url(ctx.settings)
    if url is None:
        return await _switch_off(ctx)
    try:
        return await _keep(ctx, url)
    except ConfigurationError as error:
        if error.status != 403:
            raise
        await store.forget(ctx.db)
        log.warning("the token may have no webhooks, so Airtable is polled")
        return "forbidden"


async def _keep(ctx: Context, url: str) -> str:
    tables = [activity.entity.table for activity in mirrored(ctx.settings)]
    wanted = specification(await _base(ctx), ctx.settings.airtable_tables, tables)
    spec_hash = fingerprint(url, wanted)
    known = await store.current(ctx.db, ctx.settings.jwt_secret)
    is_right = known is not None and known.secret and known.spec_hash == spec_hash
    if known is not None and is_right and await _refreshed(ctx, known):
        return "refreshed"
    await _remove_others(ctx, url)
    made = await ctx.airtable.create_webhook(
        {"notificationUrl": url, "specification": wanted}, Lane.OUTBOX
    )
    await store.replace(ctx.db, _webhook(made, spec_hash), ctx.settings.jwt_secret)
    await _list_everything(ctx)
    log.info("webhook registered", extra={"webhook": made["id"]})
    return "registered"


async def _base(ctx: Context) -> list[dict[str, Any]]:
    try:
        return await ctx.airtable.schema(Lane.OUTBOX)
    except ConfigurationError as error:
        if error.status == 401:
            raise
        # Without the schema the whole base is watched.
        return []


async def _refreshed(ctx: Context, known: Webhook) -> bool:
    """Prolong the life of a webhook; False when Airtable does not know it any more."""
    try:
        answer = await ctx.airtable.refresh_webhook(known.id, Lane.OUTBOX)
    except ConfigurationError as error:
        if error.status == 404:
            return False
        raise
    await store.set_expiry(ctx.db, known.id, _expiry(answer))
    return True


async def _remove_others(ctx: Context, url: str) -> None:
    """Remove webhooks to the same address whose secret nobody has; a base takes only ten."""
    for webhook in await ctx.airtable.webhooks(Lane.OUTBOX):
        if webhook.get("notificationUrl") == url:
            await ctx.airtable.delete_webhook(webhook["id"], Lane.OUTBOX)


async def _switch_off(ctx: Context) -> str:
    known = await store.current(ctx.db, ctx.settings.jwt_secret)
    if known is not None:
        await store.forget(ctx.db)
        try:
            await ctx.airtable.delete_webhook(known.id, Lane.OUTBOX)
        except AirtableError as error:
            # It ends by itself after seven days.
            log.warning("the webhook is still there", extra={"reason": type(error).__name__})
    return "off"


async def _list_everything(ctx: Context) -> None:
    """What changed while no webhook listened is found by a full listing, due at once."""
    await ctx.db.execute(
        "UPDATE sync_gates SET last_started_at = NULL WHERE key = ANY ($1::text[])",
        [Poll.FULL, Poll.TRANSLATIONS, Poll.TRACKING],
    )


def _webhook(made: dict[str, Any], spec_hash: str) -> Webhook:
    return Webhook(
        id=made["id"],
        spec_hash=spec_hash,
        secret=made["macSecretBase64"],
        cursor=1,
        expires_at=_expiry(made),
        last_ping_at=None,
        last_ok_at=None,
    )


def _expiry(answer: dict[str, Any]) -> datetime | None:
    return parse_moment(str(answer.get("expirationTime") or ""))
