"""Ending a session."""

from api._lib.accounts import service as accounts
from api._lib.accounts.model import Message
from api._lib.context import Context
from api._lib.guard import public
from api._lib.messages import sentence
from api._lib.wire import Reply


@public
async def post(ctx: Context) -> Reply[Message]:
    """Revoke the session of the cookie and clear it; always a success."""
    await accounts.logout(ctx)
    message = Message(message=sentence("logged_out", ctx.language))
    return Reply(message, cookies=(accounts.CLEARED,))
