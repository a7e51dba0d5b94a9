"""The rules of tracking: pure functions, without input, output or clock."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TypeVar

from msgspec import UnsetType, structs

from api._lib.tracking.model import (
    BeliefChange,
    BeliefStatus,
    Goal,
    GoalChange,
    GoalStatus,
    PersonalBelief,
)

T = TypeVar("T")

WEEK = ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag")
"""The names of the days as the web client compares them."""

MAX_ACTIVE_GOALS = 10
MAX_PERSONAL_BELIEFS = 100

DAYS_BACK = 7
DAYS_AHEAD = 1
REPLAY_WINDOW = timedelta(seconds=10)


def is_recordable(day: date, utc_today: date) -> bool:
    """Whether an activity of that day may be recorded; paused writes arrive late (1.4)."""
    return -DAYS_BACK <= (day - utc_today).days <= DAYS_AHEAD


def replays_since(now: datetime) -> datetime:
    """The moment since which an equal method completion is the same one sent again (D4)."""
    return now - REPLAY_WINDOW


def unknown_days(days: Iterable[str]) -> list[str]:
    """The entries that name no day of the week."""
    return [day for day in days if day not in WEEK]


def week_order(days: Iterable[str]) -> list[str]:
    """Days of the week without repeats, Monday first."""
    wanted = set(days)
    return [day for day in WEEK if day in wanted]


def changed_goal(goal: Goal, change: GoalChange, today: date) -> Goal:
    """A goal after a change: an empty description is none, achieving it notes the day."""
    status = _given(change.status, goal.status)
    return structs.replace(
        goal,
        name=_given(change.name, goal.name),
        description=_given(change.description, goal.description) or None,
        status=status,
        schedule_days=_given(change.schedule_days, goal.schedule_days),
        completed_on=_achieved_on(goal, status, today),
    )


def changed_belief(belief: PersonalBelief, change: BeliefChange, today: date) -> PersonalBelief:
    """A personal belief after a change: the day it was finished stays when sent again (T12)."""
    status = _given(change.status, belief.status)
    finished_on = (belief.completed_on or today) if status is BeliefStatus.FINISHED else None
    return structs.replace(
        belief,
        name=_given(change.name, belief.name),
        status=status,
        completed_on=finished_on,
    )


def _given(new: T | UnsetType, old: T) -> T:
    return old if isinstance(new, UnsetType) else new


def _achieved_on(goal: Goal, status: GoalStatus, today: date) -> date | None:
    if status is GoalStatus.ACHIEVED:
        return goal.completed_on or today
    return None if status is GoalStatus.ACTIVE else goal.completed_on
