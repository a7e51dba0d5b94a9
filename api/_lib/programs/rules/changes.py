"""Extending a program and planning its remaining days anew."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from api._lib.programs.model import NewSession, Session
from api._lib.programs.rules.calendar import ONE_DAY, weeks_spanned


class Extension(Struct, frozen=True):
    """The added period and the length of the whole program with it."""

    start: date
    end: date
    weeks: int


def extension(start: date, end: date, today: date, added_weeks: int) -> Extension:
    """The period that an extension adds: after the end, but never in the past."""
    first = max(end + ONE_DAY, today)
    last = first + timedelta(days=7 * added_weeks - 1)
    return Extension(first, last, weeks_spanned(start, last))


def is_open(session_date: date | None, today: date) -> bool:
    """Whether a session may still be changed: only one of a later day (P3)."""
    return session_date is not None and session_date > today


def first_open_day(start: date, today: date) -> date:
    """First day that planning anew may touch."""
    return max(start, today + ONE_DAY)


def united(*lists: Iterable[str]) -> list[str]:
    """All ids once, in the order in which they first appear."""
    return list(dict.fromkeys(id for ids in lists for id in ids))


def lacking(planned: Sequence[NewSession], made: Sequence[Session]) -> list[NewSession]:
    """What a schedule still lacks after its beginning was made; nothing if that began otherwise."""
    begun = [(session.date, tuple(session.methods)) for session in made]
    first = [(session.date, tuple(session.methods)) for session in planned[: len(begun)]]
    return list(planned[len(begun) :]) if begun == first else []
