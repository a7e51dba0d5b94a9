"""Administrators have the stored scores of everybody counted anew."""

from api._lib.context import Admin, Context
from api._lib.rewards import service as rewards
from api._lib.wire import Wire


class Refreshed(Wire):
    updated: int
    failed: int
    total: int


async def post(ctx: Context, admin: Admin) -> Refreshed:
    """Refresh the scores of all active users; doing so again changes nothing."""
    totals = await rewards.refresh_all_scores(ctx)
    return Refreshed(updated=totals.updated, failed=totals.failed, total=totals.total)
