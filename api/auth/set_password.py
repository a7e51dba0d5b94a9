"""Choosing a first password."""

from api._lib.accounts import service as accounts
from api._lib.accounts.model import SessionAnswer
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Body, Email, NewPassword, OneTimeCode, Reply


class FirstPassword(Body):
    email: Email
    code: OneTimeCode
    password: NewPassword


@public
async def post(ctx: Context, body: FirstPassword) -> Reply[SessionAnswer]:
    """Set the first password with the code of a mail, and log in."""
    return await accounts.set_first_password(ctx, body.email, body.code, body.password)
