"""Opening the link of a login mail."""

from typing import Annotated

from msgspec import Meta

from api._lib.accounts import service as accounts
from api._lib.accounts.model import SessionAnswer
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Body, Reply


class Link(Body):
    token: Annotated[str, Meta(min_length=1, max_length=2_000)]


@public
async def get(ctx: Context, query: Link) -> Reply[SessionAnswer]:
    """Log in with the token of a link; for a minute, the same link gives the same session."""
    return await accounts.open_link(ctx, query.token)
