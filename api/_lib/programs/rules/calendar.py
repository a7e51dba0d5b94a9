"""Weeks, end dates and training dates: pure arithmetic on calendar days."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

DAY_NAMES = ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag")
ONE_DAY = timedelta(days=1)
MAX_PROGRAM_WEEKS = 104
MAX_DURATION_WEEKS = 52
DEFAULT_WEEKS = 4
MOST_WEEKS = 520
"""Beyond ten years, what coaches wrote in Airtable is no duration: its end might be no date."""
_NUMBER = re.compile(r"[0-9]+")


class Weekday(Struct, frozen=True):
    """A day of the week as the reference table knows it."""

    id: str
    name: str


class TrainingDate(Struct, frozen=True):
    """A calendar day on which is trained, with its weekday record."""

    date: date
    day_of_week: str
    day_id: str


def first_number(text: str) -> int | None:
    """The first run of digits of a text; None without one, or beyond any real duration."""
    found = _NUMBER.search(text)
    return int(found[0]) if found and len(found[0]) <= 9 else None


def weeks(duration: str) -> int:
    """Length of a program by its stored duration text; four weeks when it names no number."""
    number = first_number(duration)
    return DEFAULT_WEEKS if number is None else min(max(1, number), MOST_WEEKS)


def weeks_asked(duration: str) -> int | None:
    """Length that a request may ask for; None when the text names no week count of 1 to 52."""
    number = first_number(duration)
    return number if number is not None and 1 <= number <= MAX_DURATION_WEEKS else None


def end_date(start: date, weeks: int) -> date:
    """Last day of a program of so many weeks."""
    return start + timedelta(days=7 * weeks - 1)


def weeks_spanned(start: date, end: date) -> int:
    """Whole weeks needed to cover both days and all between."""
    return max(1, -(-((end - start).days + 1) // 7))


def duration_text(weeks: int) -> str:
    """A duration as the web client writes it."""
    return "1 week" if weeks == 1 else f"{weeks} weken"


def day_name(day: date) -> str:
    """Dutch name of the weekday."""
    return DAY_NAMES[day.weekday()]


def training_dates(first: date, last: date, days: Iterable[Weekday]) -> list[TrainingDate]:
    """The dates from `first` to `last`, both included, that fall on one of the days."""
    ids = {day.name: day.id for day in days}
    span = range((last - first).days + 1)
    dates = (first + timedelta(days=offset) for offset in span)
    return [TrainingDate(d, day_name(d), ids[day_name(d)]) for d in dates if day_name(d) in ids]


def week_order(days: Iterable[Weekday]) -> list[Weekday]:
    """Known days from Monday to Sunday, others behind them."""
    rank = {name: position for position, name in enumerate(DAY_NAMES)}
    return sorted(days, key=lambda day: (rank.get(day.name, len(rank)), day.id))
