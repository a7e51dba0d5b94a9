"""Names of companies."""

from typing import Annotated

from msgspec import Meta

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.wire import Body


class Companies(Body):
    ids: Annotated[str, Meta(min_length=1, max_length=2_000)]


async def get(ctx: Context, user: User, query: Companies) -> dict[str, str]:
    """Names of those companies that are the user's own."""
    return await content.company_names(ctx, user, query.ids)
