"""The streak counts planned sessions done on time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.rewards.model import Entry, Kind, Session
from api._lib.rewards.rules.streak import BONUSES, bonuses, current_streak, longest_streak

TODAY = date(2026, 3, 11)


def march(day: int, done: int | None) -> Session:
    return Session(date(2026, 3, day), date(2026, 3, done) if done else None)


FOUR = [march(2, 2), march(4, 4), march(6, 6), march(9, 9)]


@pytest.mark.parametrize(
    ("sessions", "streak"),
    [
        pytest.param([*FOUR, march(11, None)], 4, id="today is still open"),
        pytest.param([*FOUR, march(11, 11)], 5, id="today is done"),
        pytest.param([march(6, 6), march(9, 10), march(11, None)], 0, id="late repairs nothing"),
        pytest.param([march(6, 6), march(9, None), march(11, 11)], 1, id="missed breaks"),
        pytest.param(
            [march(9, 8), march(11, None), march(13, 11)], 1, id="early counts on its day"
        ),
        pytest.param([], 0, id="no sessions"),
    ],
)
def test_worked_examples(sessions: list[Session], streak: int) -> None:
    assert current_streak(sessions, TODAY) == streak


def test_R6_sessions_done_on_time_make_a_streak() -> None:
    assert current_streak(FOUR, TODAY) == 4


def test_R8_a_streak_is_frozen_between_programs() -> None:
    done = [Session(d, d) for d in (date(2026, 2, 20) - timedelta(days=2 * n) for n in range(6))]
    assert current_streak(done, TODAY) == 6


def test_of_one_day_sessions_on_time_count_before_a_missed_one_breaks() -> None:
    day = [march(9, None), march(9, 9), march(9, 8), march(6, 6)]
    assert current_streak(day, TODAY) == 2


def test_sessions_before_the_anchor_are_wiped() -> None:
    assert current_streak(FOUR, TODAY, anchor=date(2026, 3, 6)) == 2


@pytest.mark.parametrize(
    ("streak", "paid", "points"),
    [(6, [], []), (7, [], [25]), (7, [7], []), (20, [7], []), (21, [7], [75]), (30, [], [25, 75])],
)
def test_R7_bonuses_are_paid_once_when_first_reached(
    streak: int, paid: list[int], points: list[int]
) -> None:
    earned = bonuses(streak, paid, TODAY)
    assert [entry.points for entry in earned] == points
    assert all(entry.kind is Kind.STREAK for entry in earned)


def test_a_jump_to_21_pays_both() -> None:
    assert bonuses(21, [], TODAY) == [
        Entry(Kind.STREAK, "7", 25, activity_on=TODAY),
        Entry(Kind.STREAK, "21", 75, activity_on=TODAY),
    ]
    assert sum(BONUSES.values()) == 100


DAYS = st.integers(-40, 10).map(lambda n: TODAY + timedelta(days=n))
SESSIONS = st.lists(st.builds(Session, DAYS, st.none() | DAYS), max_size=30)


@given(sessions=SESSIONS, anchor=st.none() | DAYS)
def test_order_of_reading_does_not_matter(sessions: list[Session], anchor: date | None) -> None:
    streak = current_streak(sessions, TODAY, anchor)
    assert streak == current_streak(reversed(sessions), TODAY, anchor)
    assert 0 <= streak <= len(sessions)


@given(sessions=SESSIONS, anchor=st.none() | DAYS)
def test_the_longest_streak_is_the_longest_there_ever_was(
    sessions: list[Session], anchor: date | None
) -> None:
    every_day = [TODAY - timedelta(days=n) for n in range(60)]
    ever = max(current_streak(sessions, day, anchor) for day in every_day)
    assert longest_streak(sessions, TODAY, anchor) == ever


@given(sessions=SESSIONS)
def test_doing_more_never_shortens_a_streak(sessions: list[Session]) -> None:
    done = [Session(s.planned_on, min(s.first_done_on or TODAY, TODAY)) for s in sessions]
    assert current_streak(done, TODAY) >= current_streak(sessions, TODAY)


@given(sessions=SESSIONS, day=DAYS)
def test_only_a_missed_session_takes_a_streak_away(sessions: list[Session], day: date) -> None:
    before = current_streak(sessions, TODAY)
    late = Session(day, day + timedelta(days=1))
    after = current_streak([*sessions, late], TODAY)
    assert after <= before
    if day >= TODAY:
        assert after == before
