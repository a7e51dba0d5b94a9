"""Weeks, end dates and training dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules import calendar
from tests.programs.strategies import BY_NAME, WEEKDAYS, days, week_counts, weekday_sets


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-01-05", "4 weken", "2026-02-01"),
        ("2026-01-05", "1 week", "2026-01-11"),
        ("2026-03-02", "8 weken", "2026-04-26"),
        ("2026-10-05", "6 weken", "2026-11-15"),
        ("2026-01-05", "binnenkort", "2026-02-01"),
    ],
)
def test_P22_the_end_date_is_pure_calendar_arithmetic(start: str, duration: str, end: str) -> None:
    weeks = calendar.weeks(duration)
    assert calendar.end_date(date.fromisoformat(start), weeks) == date.fromisoformat(end)


@pytest.mark.parametrize(
    ("duration", "weeks"),
    [("4 weken", 4), ("12", 12), ("in 3 of 4 weken", 3), ("", 4), ("0 weken", 1), ("9" * 9, 520)],
)
def test_weeks_are_the_first_number_of_the_text(duration: str, weeks: int) -> None:
    assert calendar.weeks(duration) == weeks


@pytest.mark.parametrize(
    ("duration", "weeks"),
    [
        ("1 week", 1),
        ("52 weken", 52),
        ("53 weken", None),
        ("5000 weken", None),
        ("0 weken", None),
        ("binnenkort", None),
        ("9" * 30, None),
        ("٣ weken", None),
    ],
)
def test_P8_only_one_to_fifty_two_weeks_may_be_asked_for(duration: str, weeks: int | None) -> None:
    assert calendar.weeks_asked(duration) == weeks


@pytest.mark.parametrize(("weeks", "text"), [(1, "1 week"), (2, "2 weken"), (10, "10 weken")])
def test_a_duration_text_is_written_as_the_client_writes_it(weeks: int, text: str) -> None:
    assert calendar.duration_text(weeks) == text
    assert calendar.weeks(text) == weeks


@pytest.mark.parametrize(
    ("first", "last", "names", "expected"),
    [
        (
            "2026-01-05",
            "2026-01-18",
            ["Maandag", "Woensdag"],
            ["2026-01-05", "2026-01-07", "2026-01-12", "2026-01-14"],
        ),
        ("2026-01-08", "2026-01-14", ["Maandag"], ["2026-01-12"]),
        ("2026-01-15", "2026-02-01", ["Maandag"], ["2026-01-19", "2026-01-26"]),
        ("2026-01-05", "2026-01-04", ["Maandag"], []),
    ],
)
def test_training_dates_of_the_worked_examples(
    first: str, last: str, names: list[str], expected: list[str]
) -> None:
    span = date.fromisoformat(first), date.fromisoformat(last)
    found = calendar.training_dates(*span, [BY_NAME[name] for name in names])
    assert [d.date.isoformat() for d in found] == expected


def test_days_of_another_name_are_ignored_and_the_later_record_of_a_name_wins() -> None:
    chosen = [
        calendar.Weekday("recA", "Maandag"),
        calendar.Weekday("recX", "Feestdag"),
        calendar.Weekday("recB", "Maandag"),
    ]
    found = calendar.training_dates(date(2026, 1, 5), date(2026, 1, 11), chosen)
    assert [(d.date, d.day_of_week, d.day_id) for d in found] == [
        (date(2026, 1, 5), "Maandag", "recB")
    ]


@given(days, week_counts, weekday_sets)
def test_training_dates_stay_in_range_come_once_and_fall_on_chosen_days(
    start: date, weeks: int, chosen: list[calendar.Weekday]
) -> None:
    end = calendar.end_date(start, weeks)
    found = [d.date for d in calendar.training_dates(start, end, chosen)]
    assert found == sorted(set(found))
    assert all(start <= day <= end for day in found)
    assert {calendar.day_name(day) for day in found} == {day.name for day in chosen}
    assert len(found) == weeks * len(chosen)


@given(days, week_counts)
def test_the_span_of_a_program_is_its_weeks(start: date, weeks: int) -> None:
    end = calendar.end_date(start, weeks)
    assert calendar.weeks_spanned(start, end) == weeks
    assert calendar.weeks_spanned(start, end + timedelta(days=1)) == weeks + 1


@given(st.permutations(WEEKDAYS))
def test_a_week_runs_from_monday_to_sunday(shuffled: list[calendar.Weekday]) -> None:
    strange = calendar.Weekday("recX", "Feestdag")
    assert calendar.week_order([strange, *shuffled]) == [*WEEKDAYS, strange]
