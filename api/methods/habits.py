"""The good habits of a user."""

from api._lib.content import service as content
from api._lib.content.model import Habit
from api._lib.context import Context, User


async def get(ctx: Context, user: User) -> list[Habit]:
    """The habits the user chose, or all of them."""
    return await content.habits_of(ctx, user)
