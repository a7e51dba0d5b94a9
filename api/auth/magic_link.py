"""Asking for a login mail."""

from api._lib.accounts import service as accounts
from api._lib.accounts.model import Message
from api._lib.context import Context
from api._lib.guard import public
from api._lib.messages import sentence
from api._lib.wire import Body, Email


class MagicLink(Body):
    email: Email


@public
async def post(ctx: Context, body: MagicLink) -> Message:
    """Send a login mail if the address is known; the answer is the same in any case."""
    await accounts.request_link(ctx, body.email)
    return Message(message=sentence("mail_on_its_way", ctx.language))
