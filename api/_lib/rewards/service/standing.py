"""Looking at where a person stands, without writing anything (R16)."""

from api._lib.context import Context, User
from api._lib.db import Queries
from api._lib.rewards import store
from api._lib.rewards.model import Inactivity, Standing
from api._lib.rewards.rules.settlement import current_standing


async def standing(ctx: Context, user: User) -> tuple[Standing, Inactivity | None]:
    """Where a user stands right now, and how long they have been away."""
    return await read(ctx.db, ctx, user)


async def read(db: Queries, ctx: Context, user: User) -> tuple[Standing, Inactivity | None]:
    """The same as an open transaction sees it."""
    today = ctx.today(user)
    return current_standing(await store.read(db, user.id, today), today)
