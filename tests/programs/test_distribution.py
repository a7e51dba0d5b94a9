"""Methods dealt over training dates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules.distribution import distribute


@pytest.mark.parametrize(
    ("methods", "dates", "sessions"),
    [
        ("ABC", 4, ["A", "B", "C", "A"]),
        ("ABCDE", 2, ["ABC", "DEA"]),
        ("ABCDEFGHIJ", 2, ["ABC", "DEF"]),
        ("A", 3, ["A", "A", "A"]),
        ("", 3, []),
        ("ABC", 0, []),
    ],
)
def test_the_worked_examples_of_the_simple_distribution(
    methods: str, dates: int, sessions: list[str]
) -> None:
    assert distribute(methods, dates) == [list(session) for session in sessions]


@given(st.lists(st.text(min_size=1), min_size=1, unique=True, max_size=40), st.integers(1, 364))
def test_every_date_gets_one_to_three_distinct_known_methods(
    methods: list[str], dates: int
) -> None:
    sessions = distribute(methods, dates)
    assert len(sessions) == dates
    for session in sessions:
        assert 1 <= len(session) <= 3
        assert len(set(session)) == len(session)
        assert set(session) <= set(methods)


@given(st.lists(st.text(min_size=1), min_size=1, unique=True, max_size=40), st.integers(1, 364))
def test_methods_are_used_equally_often(methods: list[str], dates: int) -> None:
    used = [id for session in distribute(methods, dates) for id in session]
    times = [used.count(id) for id in methods]
    assert max(times) - min(times) <= 1
