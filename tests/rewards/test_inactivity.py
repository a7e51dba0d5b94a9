"""A long absence is announced, then ends the streak."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.rewards.model import Inactivity
from api._lib.rewards.rules.inactivity import anchor_after, inactivity, last_active_after

LAST = date(2026, 1, 1)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 16), None),
        (date(2026, 3, 17), Inactivity(75, 15)),
        (date(2026, 3, 31), Inactivity(89, 1)),
        (date(2026, 4, 1), Inactivity(90, 0)),
        (date(2025, 12, 1), None),
    ],
)
def test_worked_examples(today: date, expected: Inactivity | None) -> None:
    assert inactivity(today, LAST) == expected


def test_nobody_is_inactive_who_never_was_active() -> None:
    assert inactivity(LAST, None) is None


def test_R15_an_older_activity_does_not_move_the_last_active_day_back() -> None:
    assert last_active_after(LAST, date(2025, 12, 25)) == LAST
    assert last_active_after(LAST, date(2026, 1, 3)) == date(2026, 1, 3)
    assert last_active_after(None, LAST) == LAST


def test_coming_back_after_ninety_days_sets_the_anchor() -> None:
    assert anchor_after(None, LAST, date(2026, 3, 31)) is None
    assert anchor_after(None, LAST, date(2026, 4, 1)) == date(2026, 4, 1)
    assert anchor_after(LAST, LAST, None) == LAST
    assert anchor_after(None, None, LAST) is None


@given(last=st.none() | DAYS, day=st.none() | DAYS)
def test_T6_the_last_active_day_only_moves_forward(last: date | None, day: date | None) -> None:
    after = last_active_after(last, day)
    assert last is None or (after is not None and after >= last)
    assert after in (last, day)
