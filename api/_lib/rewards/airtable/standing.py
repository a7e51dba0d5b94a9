"""Looking at rewards that live in Airtable."""

from api._lib.context import Context, User
from api._lib.rewards.airtable.counting import facts
from api._lib.rewards.model import Announcement, Inactivity, Standing
from api._lib.rewards.rules.settlement import current_standing
from api._lib.rewards.service import announcing


async def standing(ctx: Context, user: User) -> tuple[Standing, Inactivity | None]:
    """Where a user stands right now, and how long they have been away."""
    return current_standing(await facts(ctx, user), ctx.today(user))


async def announce(ctx: Context, user: User, method_id: str | None) -> Announcement:
    """Tell what a method completion brought, once; nothing is granted here (R1)."""
    # First what may fail: what is marked as told must be answered (R10).
    now = (await standing(ctx, user))[0]
    told = await announcing.tell(ctx, user, method_id)
    return Announcement(now, told.points, told.badges, told.level_up)


async def announce_milestone(
    ctx: Context, user: User, program_id: str | None, milestone: float | None
) -> Announcement:
    """Tell that a milestone was reached, once; raises a 400, a 404 and a 409."""
    now = (await standing(ctx, user))[0]
    told = await announcing.tell_milestone(ctx, user, program_id, milestone)
    return announcing.milestone_news(now, told)
