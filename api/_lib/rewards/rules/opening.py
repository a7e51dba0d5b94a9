"""What a person had in Airtable when they first come here."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from api._lib.json_text import UNREADABLE
from api._lib.rewards.model import Account
from api._lib.rewards.rules.levels import THRESHOLDS

LARGEST = 2_147_483_647
LONGEST_BADGE = 64


class Opening(Struct, frozen=True):
    """The numbers and badges a person brings."""

    account: Account
    badges: tuple[str, ...]


def opening_of(cells: Mapping[str, Any]) -> Opening:
    """The rewards in a record of the table of people; what cannot be read counts as nothing."""
    current, longest = _number(cells, "currentStreak"), _number(cells, "longestStreak")
    account = Account(
        bonus_points=_number(cells, "bonusPoints"),
        current_streak=current,
        longest_streak=max(current, longest),
        last_active_on=_day(cells.get("lastActiveDate")),
        level=min(max(_number(cells, "level"), 1), len(THRESHOLDS)),
        total_points=_number(cells, "totalPoints"),
        mental_fitness_score=_number(cells, "mentalFitnessScore"),
        personal_goals_score=_number(cells, "personalGoalsScore"),
        good_habits_score=_number(cells, "goodHabitsScore"),
    )
    return Opening(account, _badges(cells.get("badges")))


def _number(cells: Mapping[str, Any], name: str) -> int:
    cell = cells.get(name)
    if isinstance(cell, bool) or not isinstance(cell, int | float) or cell != cell:
        return 0
    return int(min(max(cell, 0), LARGEST))


def _day(cell: Any) -> date | None:
    try:
        return date.fromisoformat(cell[:10]) if isinstance(cell, str) else None
    except ValueError:
        return None


def _badges(cell: Any) -> tuple[str, ...]:
    try:
        found = msgspec.json.decode(cell, type=list[Any]) if isinstance(cell, str) else []
    except UNREADABLE:
        found = []
    badges = (badge for badge in found if isinstance(badge, str) and _is_badge(badge))
    return tuple(dict.fromkeys(badges))


def _is_badge(text: str) -> bool:
    return 0 < len(text) <= LONGEST_BADGE and "\0" not in text
