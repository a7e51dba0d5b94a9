"""Changing what was noted with a method."""

from typing import Annotated

from msgspec import Meta

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import Body, EntityId
from api.method_usage._usage import Usage, usage


class Remark(Body):
    remark: Annotated[str, Meta(min_length=1, max_length=5_000)]


async def patch(ctx: Context, user: User, id: EntityId, body: Remark) -> Usage:
    """Replace the remark of an own completion."""
    return usage(await tracking.remark_on_method(ctx, user, id, body.remark))
