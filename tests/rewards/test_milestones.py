"""Milestones of a program are computed from what was done, and paid once."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.rewards.model import Progress
from api._lib.rewards.rules.milestones import POINTS, entries, reached, ref

PROGRAM = UUID("91aa0000-0000-4000-8000-000000000001")


@pytest.mark.parametrize(
    ("planned", "done", "thresholds"),
    [
        (12, 2, []),
        (12, 3, [25]),
        (12, 6, [25, 50]),
        (12, 12, [25, 50, 75, 100]),
        pytest.param(6, 4, [25, 50], id="two thirds"),
        pytest.param(150, 37, [], id="24.67 percent is not rounded up"),
        pytest.param(200, 199, [25, 50, 75], id="99.5 percent is not everything"),
        pytest.param(8, 20, [25, 50, 75, 100], id="more than planned is everything"),
    ],
)
def test_worked_examples(planned: int, done: int, thresholds: list[int]) -> None:
    assert reached(planned, done) == thresholds


@pytest.mark.parametrize("planned", [0, 1, 2, 3])
def test_small_programs_pay_nothing(planned: int) -> None:
    assert reached(planned, planned) == []


def test_each_milestone_pays_what_the_progress_card_promises() -> None:
    paid = entries(Progress(PROGRAM, 12, 12), (), None)
    assert [entry.points for entry in paid] == [25, 50, 75, 100]
    assert sum(entry.points for entry in paid) == 250
    assert paid[0].ref == ref(PROGRAM, 25) == f"{PROGRAM}:25"


@given(planned=st.integers(0, 300), steps=st.lists(st.integers(0, 5), max_size=60))
def test_R2_progress_pays_each_threshold_once(planned: int, steps: list[int]) -> None:
    paid: set[int] = set()
    total = done = 0
    for step in steps:
        done += step
        new = entries(Progress(PROGRAM, planned, done), paid, None)
        total += sum(entry.points for entry in new)
        paid |= {int(entry.ref.split(":")[1]) for entry in new}
    assert total == sum(POINTS[threshold] for threshold in paid)
    assert sorted(paid) == reached(planned, done)
