"""Keeping a session alive."""

from api._lib.accounts import service as accounts
from api._lib.accounts.model import SessionAnswer
from api._lib.context import Context
from api._lib.guard import refresh_cookie
from api._lib.wire import Reply


@refresh_cookie
async def post(ctx: Context) -> Reply[SessionAnswer]:
    """New tokens for the session of the cookie."""
    return await accounts.refresh(ctx)
