"""Telling a person, once, what their activities brought."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Announcement
from api._lib.wire import ActivityDay, Body, EntityId, Wire, given, present

ActivityType = Literal[
    "method",
    "habit",
    "program",
    "sessionBonus",
    "habitDayBonus",
    "programMilestone",
    "overtuiging",
    "personalGoal",
]


class Award(Body):
    """The date is checked and otherwise ignored: only recordings set the last active day."""

    activity_type: ActivityType
    activity_id: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    program_id: EntityId | UnsetType = UNSET
    milestone: float | UnsetType = UNSET
    activity_date: ActivityDay | UnsetType = UNSET


class Awarded(Wire):
    points_awarded: int
    new_total: int
    new_badges: Sequence[str]
    level_up: bool
    new_level: int
    current_streak: int
    longest_streak: int
    milestone: int | UnsetType = UNSET


async def post(ctx: Context, user: User, body: Award) -> Awarded:
    """Report what was recorded and not yet told; nothing is granted on the caller's word."""
    news = await _news(ctx, user, body)
    return Awarded(
        points_awarded=news.points,
        new_total=news.standing.total_points,
        new_badges=news.badges,
        level_up=news.level_up,
        new_level=news.standing.level,
        current_streak=news.standing.current_streak,
        longest_streak=news.standing.longest_streak,
        milestone=present(news.milestone),
    )


async def _news(ctx: Context, user: User, body: Award) -> Announcement:
    if body.activity_type == "method":
        return await rewards.announce(ctx, user, given(body.activity_id))
    if body.activity_type == "programMilestone":
        claim = given(body.program_id), given(body.milestone)
        return await rewards.announce_milestone(ctx, user, *claim)
    now, _ = await rewards.standing(ctx, user)
    return Announcement(now)
