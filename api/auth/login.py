"""Logging in with an e-mail address and a password."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.accounts import service as accounts
from api._lib.accounts.model import PasswordSetup, SessionAnswer
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Body, Email, Reply


class Login(Body):
    email: Email
    password: Annotated[str, Meta(min_length=1, max_length=100_000)] | UnsetType = UNSET


@public
async def post(ctx: Context, body: Login) -> Reply[SessionAnswer | PasswordSetup]:
    """Log in; without a password, tell which step comes next."""
    password = None if isinstance(body.password, UnsetType) else body.password
    return await accounts.login(ctx, body.email, password)
