"""Typing the code of a login mail."""

from api._lib.accounts import service as accounts
from api._lib.accounts.model import SessionAnswer
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Body, Email, OneTimeCode, Reply


class Code(Body):
    email: Email
    code: OneTimeCode


@public
async def post(ctx: Context, body: Code) -> Reply[SessionAnswer]:
    """Log in with the code of a mail."""
    return await accounts.enter_code(ctx, body.email, body.code)
