"""Planned, running, finished; and programs in each other's way."""

from datetime import date

import pytest
from hypothesis import given

from api._lib.programs.model import Status
from api._lib.programs.rules.calendar import end_date
from api._lib.programs.rules.status import by_dates, effective, overlap
from tests.programs.strategies import days, week_counts

START, END = date(2026, 1, 5), date(2026, 2, 1)


@pytest.mark.parametrize(
    ("today", "status"),
    [
        ("2026-01-04", Status.PLANNED),
        ("2026-01-05", Status.ACTIVE),
        ("2026-02-01", Status.ACTIVE),
        ("2026-02-02", Status.FINISHED),
    ],
)
def test_P12_the_status_follows_the_dates(today: str, status: Status) -> None:
    assert by_dates(START, END, date.fromisoformat(today)) is status
    assert effective(Status.PLANNED, START, END, date.fromisoformat(today)) is status


def test_a_finished_program_stays_finished() -> None:
    assert effective(Status.FINISHED, START, END, START) is Status.FINISHED


@pytest.mark.parametrize(
    ("old", "new_start", "new_weeks", "expected"),
    [
        (("2026-01-05", "2026-02-01"), "2026-02-01", 4, True),
        (("2026-01-05", "2026-02-01"), "2026-02-02", 4, False),
        (("2026-03-02", "2026-03-29"), "2026-02-23", 2, True),
        (("2026-01-05", "2026-02-01"), "2026-01-20", 1, True),
    ],
)
def test_P2_periods_that_share_a_day_overlap(
    old: tuple[str, str], new_start: str, new_weeks: int, expected: bool
) -> None:
    start = date.fromisoformat(new_start)
    period = start, end_date(start, new_weeks)
    other = date.fromisoformat(old[0]), date.fromisoformat(old[1])
    assert overlap(*period, *other) is expected
    assert overlap(*other, *period) is expected


@given(days, week_counts, days, week_counts)
def test_overlap_means_a_common_day(start: date, weeks: int, other: date, other_weeks: int) -> None:
    first = {start.toordinal() + n for n in range(7 * weeks)}
    second = {other.toordinal() + n for n in range(7 * other_weeks)}
    ends = end_date(start, weeks), end_date(other, other_weeks)
    assert overlap(start, ends[0], other, ends[1]) is bool(first & second)
