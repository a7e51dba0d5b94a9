"""Levels climb with the points and never drop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.rewards.rules.levels import THRESHOLDS, level_after, level_for

EDGES = [
    (-1, 1), (0, 1), (49, 1), (50, 2), (124, 2), (125, 3), (249, 3), (250, 4), (399, 4),
    (400, 5), (599, 5), (600, 6), (849, 6), (850, 7), (1149, 7), (1150, 8), (1499, 8),
    (1500, 9), (1999, 9), (2000, 10), (99999, 10),
]  # fmt: skip


@pytest.mark.parametrize(("points", "level"), EDGES)
def test_level_at_each_edge(points: int, level: int) -> None:
    assert level_for(points) == level


@pytest.mark.parametrize(
    ("stored", "points", "level"),
    [
        pytest.param(1, 56, 2, id="a method lifts over the threshold"),
        pytest.param(2, 45, 2, id="taking a habit back does not lower it"),
        pytest.param(4, 130, 4, id="a level of the older rules stays"),
    ],
)
def test_R9_ordinary_points_raise_the_level(stored: int, points: int, level: int) -> None:
    assert level_after(stored, points) == level


@given(stored=st.integers(1, 10), points=st.integers(-100, 5000))
def test_a_level_never_drops_and_stays_in_range(stored: int, points: int) -> None:
    level = level_after(stored, points)
    assert stored <= level <= 10
    assert level == stored or THRESHOLDS[level - 1] <= points
