"""Finding a person by e-mail address."""

from typing import Annotated

from msgspec import Meta

from api._lib.accounts import service as accounts
from api._lib.accounts.model import UserView
from api._lib.context import Context, User
from api._lib.wire import Body


class Address(Body):
    email: Annotated[str, Meta(min_length=1, max_length=254)]


async def get(ctx: Context, user: User, query: Address) -> UserView:
    """The person with an address; only administrators find others than themselves."""
    return await accounts.lookup(ctx, user, query.email.strip().lower())
