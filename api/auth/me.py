"""Who is signed in."""

from api._lib.accounts import service as accounts
from api._lib.accounts.model import UserView
from api._lib.context import User


async def get(user: User) -> UserView:
    """The signed-in user."""
    return accounts.me(user)
