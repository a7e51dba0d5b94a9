"""Where a person stands."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from msgspec import UNSET, UnsetType

from api._lib.context import Context, User
from api._lib.rewards import service as rewards
from api._lib.wire import Wire


class InactivityWarning(Wire):
    days_inactive: int
    days_until_reset: int


class Rewards(Wire):
    total_points: int
    bonus_points: int
    current_streak: int
    longest_streak: int
    last_active_date: date | None
    badges: Sequence[str]
    level: int
    mental_fitness_score: int
    personal_goals_score: int
    good_habits_score: int
    inactivity_warning: InactivityWarning | UnsetType = UNSET
    streak_reset: Literal[True] | UnsetType = UNSET


async def get(ctx: Context, user: User) -> Rewards:
    """Points, level, badges and streak, counted now."""
    now, away = await rewards.standing(ctx, user)
    warning: InactivityWarning | UnsetType = UNSET
    if away is not None and away.days_until_reset:
        warning = InactivityWarning(days_inactive=away.days, days_until_reset=away.days_until_reset)
    return Rewards(
        total_points=now.total_points,
        bonus_points=now.bonus_points,
        current_streak=now.current_streak,
        longest_streak=now.longest_streak,
        last_active_date=now.last_active_on,
        badges=now.badges,
        level=now.level,
        mental_fitness_score=now.mental_fitness_score,
        personal_goals_score=now.personal_goals_score,
        good_habits_score=now.good_habits_score,
        inactivity_warning=warning,
        streak_reset=True if away is not None and not away.days_until_reset else UNSET,
    )
