"""A long absence: a warning first, then the streak starts anew."""

from datetime import date

from api._lib.rewards.model import Inactivity

WARNING_DAYS = 75
RESET_DAYS = 90


def inactivity(today: date, last_active_on: date | None) -> Inactivity | None:
    """How long somebody has been away, once that is worth telling."""
    if last_active_on is None:
        return None
    days = (today - last_active_on).days
    if days < WARNING_DAYS:
        return None
    return Inactivity(days, max(0, RESET_DAYS - days))


def last_active_after(stored: date | None, day: date | None) -> date | None:
    """The last active day after an activity of `day`: an older activity never moves it back."""
    return max((d for d in (stored, day) if d is not None), default=None)


def anchor_after(anchor: date | None, last_active_on: date | None, day: date | None) -> date | None:
    """The day before which sessions no longer count, after an activity of `day`."""
    if day is None or last_active_on is None or (day - last_active_on).days < RESET_DAYS:
        return anchor
    return day
