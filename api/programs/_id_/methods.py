"""The methods of a program."""

from collections.abc import Sequence

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.wire import EntityId


async def get(ctx: Context, user: User, id: EntityId) -> Sequence[str]:
    """Ids of the methods; for a program with goals only, suggestions that are not stored."""
    return await programs.methods(ctx, user, id)
