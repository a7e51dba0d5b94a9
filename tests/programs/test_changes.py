"""Extending, and planning the rest anew."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.model import Status
from api._lib.programs.rules.calendar import duration_text, end_date, training_dates
from api._lib.programs.rules.changes import extension, first_open_day, is_open, united
from api._lib.programs.rules.status import by_dates, overlap
from tests.programs.strategies import BY_NAME, days, week_counts


@pytest.mark.parametrize(
    ("start", "end", "today", "weeks", "first", "last", "duration"),
    [
        ("2026-01-05", "2026-02-01", "2026-01-20", 2, "2026-02-02", "2026-02-15", "6 weken"),
        ("2026-01-05", "2026-02-01", "2026-03-01", 2, "2026-03-01", "2026-03-14", "10 weken"),
        ("2026-11-20", "2026-12-03", "2026-11-23", 2, "2026-12-04", "2026-12-17", "4 weken"),
    ],
)
def test_the_worked_examples_of_extend(
    start: str, end: str, today: str, weeks: int, first: str, last: str, duration: str
) -> None:
    ends = date.fromisoformat(start), date.fromisoformat(end)
    added = extension(*ends, date.fromisoformat(today), weeks)
    assert (added.start.isoformat(), added.end.isoformat()) == (first, last)
    assert duration_text(added.weeks) == duration


@given(days, week_counts, days, st.integers(1, 52))
def test_an_extension_follows_the_program_and_is_never_in_the_past(
    start: date, weeks: int, today: date, more: int
) -> None:
    end = end_date(start, weeks)
    added = extension(start, end, today, more)
    assert not overlap(added.start, added.end, start, end)
    assert added.start >= today
    assert (added.end - added.start).days + 1 == 7 * more
    assert by_dates(start, added.end, today) is not Status.FINISHED
    assert end_date(start, added.weeks) >= added.end > end_date(start, added.weeks - 1)


def test_P5_planning_anew_stops_at_the_end_date() -> None:
    first = first_open_day(date(2026, 1, 5), date(2026, 1, 14))
    found = training_dates(first, date(2026, 2, 1), [BY_NAME["Maandag"]])
    assert [d.date.isoformat() for d in found] == ["2026-01-19", "2026-01-26"]


def test_P3_sessions_up_to_today_and_undated_ones_are_kept() -> None:
    today = date(2026, 1, 14)
    assert [is_open(day, today) for day in (None, date(2026, 1, 13), today, date(2026, 1, 15))] == [
        False,
        False,
        False,
        True,
    ]


@given(days, days)
def test_planning_anew_touches_only_open_days(start: date, today: date) -> None:
    first = first_open_day(start, today)
    assert is_open(first, today)
    assert first >= start
    assert first == start or not is_open(first - timedelta(days=1), today)


@given(st.lists(st.lists(st.integers(0, 9).map(str))))
def test_united_lists_hold_everything_once_in_order_of_appearance(lists: list[list[str]]) -> None:
    found = united(*lists)
    every = [id for ids in lists for id in ids]
    assert sorted(found) == sorted(set(every))
    assert found == sorted(found, key=every.index)
