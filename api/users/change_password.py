"""Changing the own password."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.accounts import service as accounts
from api._lib.accounts.model import Changed
from api._lib.context import Context, User
from api._lib.wire import Body, NewPassword, Reply, given


class Passwords(Body):
    password: NewPassword
    current_password: Annotated[str, Meta(min_length=1, max_length=1_024)] | UnsetType = UNSET


async def post(ctx: Context, user: User, body: Passwords) -> Reply[Changed]:
    """Change the own password; all other sessions end."""
    return await accounts.change_password(ctx, user, body.password, given(body.current_password))
