"""Letting a program go on longer."""

from typing import Annotated

from msgspec import Meta

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.answers import Extended
from api._lib.wire import Body, EntityId


class Extension(Body):
    """How many weeks to add."""

    weeks: Annotated[int, Meta(ge=1, le=52)] = 4


async def post(ctx: Context, user: User, id: EntityId, body: Extension) -> Extended:
    """Add weeks with sessions; days of another program are refused."""
    return await programs.extend(ctx, user, id, body.weeks)
