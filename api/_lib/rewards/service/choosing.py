"""The use cases of looking at rewards, by the store that the flag names."""

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.rewards.airtable import standing as in_airtable
from api._lib.rewards.contracts import Standings
from api._lib.rewards.model import Announcement, Inactivity, Standing
from api._lib.rewards.service import announcing
from api._lib.switching import Switch

REWARDS: Switch[Standings] = Switch(
    "REWARDS",
    postgres=announcing,
    airtable=in_airtable,
    with_kinds=(
        EntityType.USER,
        EntityType.PROGRAM,
        EntityType.PROGRAM_SCHEDULE,
        EntityType.METHOD_USAGE,
        EntityType.GOEDE_GEWOONTE_USAGE,
        EntityType.PERSONAL_GOAL_USAGE,
    ),
)


async def standing(ctx: Context, user: User) -> tuple[Standing, Inactivity | None]:
    """Where a user stands right now, and how long they have been away."""
    return await REWARDS.read(ctx, "standing", lambda c, store: store.standing(c, user))


async def announce(ctx: Context, user: User, method_id: str | None) -> Announcement:
    """Tell what a method completion brought, once; nothing is granted here (R1)."""
    return await REWARDS.store(ctx).announce(ctx, user, method_id)


async def announce_milestone(
    ctx: Context, user: User, program_id: str | None, milestone: float | None
) -> Announcement:
    """Tell that a milestone was reached, once; raises a 400, a 404 and a 409."""
    return await REWARDS.store(ctx).announce_milestone(ctx, user, program_id, milestone)
