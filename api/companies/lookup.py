"""Names of companies."""

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.wire import Body, Text


class Companies(Body):
    ids: Text


async def get(ctx: Context, user: User, query: Companies) -> dict[str, str]:
    """Names of those companies that are the user's own."""
    return await content.company_names(ctx, user, query.ids)
