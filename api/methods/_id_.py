"""One exercise."""

from api._lib.content import service as content
from api._lib.content.model import MethodDetail
from api._lib.context import Context
from api._lib.guard import public


@public
async def get(ctx: Context, id: str) -> MethodDetail:
    """An exercise with its playable files."""
    return await content.method(ctx, id)
