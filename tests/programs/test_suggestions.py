"""Methods proposed to someone who plans by hand."""

from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules.suggestions import GoalMethod, suggestions

HABITS = "habits"


def test_P18_most_matching_goals_first_then_reference_order() -> None:
    methods = [
        GoalMethod("one", ("a",)),
        GoalMethod("none", ("c",)),
        GoalMethod("both", ("a", "b")),
        GoalMethod("habit", ("a", "b", HABITS)),
        GoalMethod("two", ("b", "b")),
    ]
    assert suggestions(methods, ["a", "b"], HABITS) == ["both", "one", "two"]


def test_there_are_none_without_goals_and_six_at_most() -> None:
    methods = [GoalMethod(str(n), ("a",)) for n in range(9)]
    assert suggestions(methods, [], HABITS) == []
    assert suggestions(methods, ["a"], None) == list("012345")


goal_sets = st.lists(st.sampled_from("abc")).map(tuple)


@given(st.lists(goal_sets), goal_sets)
def test_every_suggestion_serves_a_goal(linked: list[tuple[str, ...]], goals: tuple[str]) -> None:
    methods = [GoalMethod(str(n), ids) for n, ids in enumerate(linked)]
    for id in suggestions(methods, goals, None):
        assert set(linked[int(id)]) & set(goals)
