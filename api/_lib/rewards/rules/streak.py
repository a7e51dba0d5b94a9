"""The streak: planned sessions done on time, in a row."""

from collections.abc import Collection, Iterable
from datetime import date
from itertools import takewhile

from api._lib.rewards.model import Entry, Kind, Session

BONUSES = {7: 25, 21: 75}
"""Bonus points the first time ever a streak reaches this many sessions."""


def is_on_time(session: Session) -> bool:
    """Whether something of the session was done by its day; later does not repair it."""
    return session.first_done_on is not None and session.first_done_on <= session.planned_on


def current_streak(sessions: Iterable[Session], today: date, anchor: date | None = None) -> int:
    """Sessions done on time in a row, newest first; today's counts or is ignored.

    Sessions before `anchor` were wiped by a long absence.
    """
    due = [s for s in sessions if _is_due(s, today) and (anchor is None or s.planned_on >= anchor)]
    due.sort(key=lambda s: (s.planned_on, is_on_time(s)), reverse=True)
    return sum(1 for _ in takewhile(is_on_time, due))


def bonuses(streak: int, paid: Collection[int], day: date | None) -> list[Entry]:
    """Ledger entries for the streak lengths now reached and never paid before."""
    return [
        Entry(Kind.STREAK, str(length), points, activity_on=day)
        for length, points in BONUSES.items()
        if streak >= length and length not in paid
    ]


def _is_due(session: Session, today: date) -> bool:
    return session.planned_on < today or (session.planned_on == today and is_on_time(session))
