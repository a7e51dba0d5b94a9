"""What was done last in a program."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from api._lib.context import Context, User
from api._lib.tracking import service as tracking
from api._lib.wire import Body, EntityId
from api.method_usage._usage import Usage, usage


class Latest(Body):
    program_id: EntityId
    limit: Annotated[int, Meta(ge=1, le=50)] = 2


async def get(ctx: Context, user: User, query: Latest) -> Sequence[Usage]:
    """The newest completions of an own program, with the names of their methods."""
    done = await tracking.methods_of_program(ctx, user, query.program_id, query.limit)
    return [usage(completion) for completion in done]
