"""Strategies for content."""

from hypothesis import strategies as st

from api._lib.content.model import Belief, Category, Habit

GOALS = ("recGoalStress0001", "recGoalFocus00001", "recGoalSleep00001")
GROUPS = ("recCategorySelf01", "recCategoryWork01")

goal_ids = st.lists(st.sampled_from(GOALS), unique=True)
beliefs = st.lists(
    st.builds(
        Belief,
        id=st.text("abc", min_size=1, max_size=3),
        name=st.just("Ik mag rusten"),
        category_ids=st.lists(st.sampled_from(GROUPS), unique=True),
        goal_ids=goal_ids,
        order=st.integers(0, 3),
        levels=st.just([]),
    ),
    max_size=5,
    unique_by=lambda belief: belief.id,
)
categories = st.lists(
    st.builds(
        Category,
        id=st.sampled_from(GROUPS),
        name=st.just("Zelfvertrouwen"),
        overtuiging_ids=st.just([]),
        goal_ids=goal_ids,
        order=st.just(0),
    ),
    max_size=2,
    unique_by=lambda category: category.id,
)
habits = st.lists(
    st.builds(Habit, id=st.text("ab", min_size=1, max_size=2), name=st.just("Wandelen")),
    max_size=4,
    unique_by=lambda habit: habit.id,
)


def texts() -> st.SearchStrategy[list[tuple[str, str, str | None, str | None]]]:
    """Rows of (key, nl, fr, en), blank ones too, with every key once."""
    word = st.text("aé <", max_size=3)
    row = st.tuples(word, word, st.none() | word, st.none() | word)
    return st.lists(row, max_size=6, unique_by=lambda found: found[0])
