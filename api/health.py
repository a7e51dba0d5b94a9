"""Whether the service works, for containers and operators."""

from api._lib.context import Context
from api._lib.guard import public
from api._lib.sync import health
from api._lib.wire import Bare


@public
async def get(ctx: Context) -> Bare:
    """The state of the server and of what it needs; never a call to anyone outside."""
    status, body = await health.report(ctx)
    return Bare(body, status)
