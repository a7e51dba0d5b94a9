"""The rules of what may be recorded, and of how goals and beliefs change."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from api._lib.tracking.model import (
    BeliefChange,
    BeliefStatus,
    Goal,
    GoalChange,
    GoalStatus,
    PersonalBelief,
)
from api._lib.tracking.rules import (
    WEEK,
    changed_belief,
    changed_goal,
    is_recordable,
    replays_since,
    unknown_days,
    week_order,
)

TODAY = date(2026, 3, 11)
YESTERDAY = date(2026, 3, 10)
NOW = datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
ID = UUID("6f1c0000-0000-4000-8000-000000000001")
GOAL = Goal(ID, "recUser0000000001", "Wandelen", "Elke dag", GoalStatus.ACTIVE, None, None, NOW)
BELIEF = PersonalBelief(ID, "recUser0000000001", "Ik kan het", None, BeliefStatus.ACTIVE, None, NOW)


@pytest.mark.parametrize(
    ("days", "allowed"),
    [(-8, False), (-7, True), (0, True), (1, True), (2, False), (26_000, False)],
)
def test_T6_activities_are_recorded_within_the_window_only(days: int, allowed: bool) -> None:
    assert is_recordable(TODAY + timedelta(days=days), TODAY) is allowed


def test_an_equal_completion_within_ten_seconds_is_a_replay() -> None:
    assert replays_since(NOW) == NOW - timedelta(seconds=10)


def test_days_are_kept_once_and_monday_first() -> None:
    assert week_order(["Vrijdag", "Maandag", "Vrijdag"]) == ["Maandag", "Vrijdag"]
    assert week_order([]) == []


def test_names_of_days_are_compared_exactly() -> None:
    assert unknown_days(["Maandag", "maandag", "Monday"]) == ["maandag", "Monday"]


@given(st.lists(st.sampled_from(WEEK)))
def test_ordering_days_twice_changes_nothing(days: list[str]) -> None:
    ordered = week_order(days)
    assert week_order(ordered) == ordered
    assert set(ordered) == set(days)


def test_absent_fields_of_a_goal_stay() -> None:
    changed = changed_goal(GOAL, GoalChange(name="Lopen"), TODAY)
    assert changed == structs.replace(GOAL, name="Lopen")


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_description_clears_it(nothing: str | None) -> None:
    assert changed_goal(GOAL, GoalChange(description=nothing), TODAY).description is None


def test_an_empty_plan_differs_from_none() -> None:
    planned = changed_goal(GOAL, GoalChange(schedule_days=["Maandag"]), TODAY)
    assert planned.schedule_days == ["Maandag"]
    assert changed_goal(planned, GoalChange(schedule_days=[]), TODAY).schedule_days == []
    assert changed_goal(planned, GoalChange(schedule_days=None), TODAY).schedule_days is None


def test_achieving_a_goal_notes_the_day_and_reopening_forgets_it() -> None:
    achieved = changed_goal(GOAL, GoalChange(status=GoalStatus.ACHIEVED), YESTERDAY)
    assert achieved.completed_on == YESTERDAY
    again = changed_goal(achieved, GoalChange(status=GoalStatus.ACHIEVED), TODAY)
    assert again == achieved
    assert changed_goal(again, GoalChange(status=GoalStatus.ACTIVE), TODAY) == GOAL


def test_finishing_a_belief_again_keeps_the_first_day() -> None:
    finished = changed_belief(BELIEF, BeliefChange(status=BeliefStatus.FINISHED), YESTERDAY)
    assert finished.completed_on == YESTERDAY
    assert changed_belief(finished, BeliefChange(status=BeliefStatus.FINISHED), TODAY) == finished
    assert changed_belief(finished, BeliefChange(status=BeliefStatus.ACTIVE), TODAY) == BELIEF


STATES = st.lists(st.sampled_from([GoalStatus.ACTIVE, GoalStatus.ACHIEVED]))


@given(states=STATES)
def test_only_an_achieved_goal_has_a_day(states: list[GoalStatus]) -> None:
    goal = GOAL
    for state in states:
        goal = changed_goal(goal, GoalChange(status=state), TODAY)
        assert (goal.completed_on is not None) == (goal.status is GoalStatus.ACHIEVED)
