"""The streak: planned sessions done on time, in a row."""

from collections.abc import Collection, Iterable
from datetime import date
from itertools import groupby, takewhile

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
    newest_first = sorted(_due(sessions, today, anchor), key=_order, reverse=True)
    return sum(1 for _ in takewhile(is_on_time, newest_first))


def longest_streak(sessions: Iterable[Session], today: date, anchor: date | None = None) -> int:
    """The longest the streak ever was: it also grows by a mere day passing, when nobody looks."""
    longest = running = 0
    for _, same_day in groupby(sorted(_due(sessions, today, anchor), key=_order), key=_day):
        results = [is_on_time(session) for session in same_day]
        running += sum(results)
        longest = max(longest, running)
        if not all(results):
            running = sum(results)
    return longest


def bonuses(streak: int, paid: Collection[int], day: date | None) -> list[Entry]:
    """Ledger entries for the streak lengths now reached and never paid before."""
    return [
        Entry(Kind.STREAK, str(length), points, activity_on=day)
        for length, points in BONUSES.items()
        if streak >= length and length not in paid
    ]


def _due(sessions: Iterable[Session], today: date, anchor: date | None) -> list[Session]:
    return [
        session
        for session in sessions
        if (anchor is None or session.planned_on >= anchor)
        and (session.planned_on < today or (session.planned_on == today and is_on_time(session)))
    ]


def _day(session: Session) -> date:
    return session.planned_on


def _order(session: Session) -> tuple[date, bool]:
    return session.planned_on, is_on_time(session)
