"""Airtable calls when something changed in the base."""

from typing import Annotated

from msgspec import Meta

from api._lib.context import Context
from api._lib.errors import not_found, unauthorized
from api._lib.guard import airtable_mac, count_failure, public, same_text
from api._lib.limits import SECRET_ADDRESS
from api._lib.sync.inbound import webhook_store as webhooks
from api._lib.wire import Body, Empty

MAC_HEADER = "x-airtable-content-mac"


class Which(Body):
    id: Annotated[str, Meta(max_length=64)]


class Ping(Body):
    webhook: Which


@public
async def post(ctx: Context, body: Ping) -> Empty:
    """Wake the worker, if the call carries Airtable's signature of its raw body."""
    known = await webhooks.find(ctx.db, body.webhook.id, ctx.settings.jwt_secret)
    if known is None or known.secret is None:
        await count_failure(ctx, SECRET_ADDRESS)
        raise not_found()
    expected = airtable_mac(known.secret, ctx.raw_body)
    if not same_text(ctx.headers.get(MAC_HEADER, ""), expected):
        await count_failure(ctx, SECRET_ADDRESS)
        raise unauthorized()
    await webhooks.note_ping(ctx.db, known.id)
    return Empty()
