"""What each store of rewards can do; ledger and locks stand in Postgres for both."""

from typing import Protocol

from api._lib.context import Context, User
from api._lib.rewards.model import Announcement, Inactivity, Standing


class Standings(Protocol):
    """Where people stand, and telling them once what they earned."""

    async def standing(self, ctx: Context, user: User) -> tuple[Standing, Inactivity | None]:
        """Where a user stands right now, and how long they have been away."""

    async def announce(self, ctx: Context, user: User, method_id: str | None) -> Announcement:
        """Tell what a method completion brought, once."""

    async def announce_milestone(
        self, ctx: Context, user: User, program_id: str | None, milestone: float | None
    ) -> Announcement:
        """Tell that a milestone was reached, once."""
