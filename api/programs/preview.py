"""Having a program planned, to review it."""

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.answers import Preview
from api.programs._wish import Wish


async def post(ctx: Context, user: User, body: Wish) -> Preview:
    """A plan made by a language model; nothing of it is stored."""
    return await programs.preview(ctx, user, body.request())
