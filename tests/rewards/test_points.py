"""What activities are worth."""

from hypothesis import given
from hypothesis import strategies as st

from api._lib.rewards.model import Tally
from api._lib.rewards.rules.points import scores

COUNTS = st.integers(0, 100_000)


def test_methods_habits_goals_and_bonuses_add_up() -> None:
    tally = Tally(method_points=8 + 8 + 5, habits=3, goals=4, bonus_points=2)
    result = scores(tally)
    assert (result.mental_fitness, result.personal_goals, result.good_habits) == (23, 20, 15)
    assert result.total == 58


def test_nothing_at_all_is_zero() -> None:
    assert scores(Tally()).total == 0


def test_one_method_of_default_value() -> None:
    result = scores(Tally(method_points=5))
    assert (result.mental_fitness, result.total) == (5, 5)


def test_an_adjustment_takes_points_but_no_score_goes_below_zero() -> None:
    assert scores(Tally(method_points=8, bonus_points=-3)).mental_fitness == 5
    assert scores(Tally(method_points=8, bonus_points=-30)).mental_fitness == 0


@given(methods=COUNTS, habits=COUNTS, goals=COUNTS, bonus=COUNTS)
def test_the_total_is_the_sum_of_the_scores(
    methods: int, habits: int, goals: int, bonus: int
) -> None:
    result = scores(Tally(methods, habits, goals, bonus))
    assert result.total == methods + bonus + 5 * habits + 5 * goals
