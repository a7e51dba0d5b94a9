"""What a program can aim at."""

from api._lib.content import service as content
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Encoded


@public
async def get(ctx: Context) -> Encoded:
    """What a program can aim at."""
    return await content.answer(ctx, content.GOALS)
