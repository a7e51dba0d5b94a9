"""Schedules as people send them back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules.brief import BriefMethod
from api._lib.programs.rules.edited_schedule import EditedDay, ScheduleError, checked
from api._lib.programs.rules.plan import method_ids
from tests.programs.strategies import WEEKDAYS

START, END = date(2026, 1, 5), date(2026, 1, 18)
IDS = {day.name: day.id for day in WEEKDAYS}
METHODS = {id: BriefMethod(id, f"Methode {id}", 10) for id in "ABC"}


def day(offset: int, ids: str) -> EditedDay:
    return EditedDay(START + timedelta(days=offset), "recVerzonnen00001", tuple(ids))


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        ([day(0, "A"), day(0, "B")], "schedule_date_twice"),
        ([day(-1, "A")], "schedule_date_outside"),
        ([day(14, "A")], "schedule_date_outside"),
        ([day(0, "AX")], "schedule_method_unknown"),
        ([day(0, ""), day(1, "")], "schedule_empty"),
    ],
)
def test_P10_what_does_not_belong_is_refused(days: list[EditedDay], problem: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        checked(days, START, END, IDS, METHODS)
    assert refused.value.problem == problem


def test_P10_weekdays_names_and_minutes_are_ours_repeats_and_empty_days_go() -> None:
    found = checked([day(2, "CAC"), day(1, ""), day(0, "B")], START, END, IDS, METHODS)
    assert [(d.date.day, d.day_of_week, d.day_id) for d in found] == [
        (5, "Maandag", IDS["Maandag"]),
        (7, "Woensdag", IDS["Woensdag"]),
    ]
    assert [m.method_name for m in found[1].methods] == ["Methode C", "Methode A"]
    assert method_ids(found) == ["B", "C", "A"]


@given(
    st.lists(
        st.builds(day, st.integers(-2, 16), st.text("ABCX", max_size=4)),
        unique_by=lambda entry: entry.date,
    )
)
def test_what_is_accepted_is_in_range_once_a_day_with_known_methods(days: list[EditedDay]) -> None:
    try:
        found = checked(days, START, END, IDS, METHODS)
    except ScheduleError:
        return
    dates = [entry.date for entry in found]
    assert dates == sorted(set(dates))
    assert all(START <= when <= END for when in dates)
    for entry in found:
        assert entry.methods
        assert len(set(entry.method_ids)) == len(entry.methods)
        assert set(entry.method_ids) <= METHODS.keys()
