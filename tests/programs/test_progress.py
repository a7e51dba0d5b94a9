"""How far a program is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules.progress import (
    Progress,
    completed_in_session,
    is_completed,
    progress,
)


@pytest.mark.parametrize(
    ("planned", "used", "completed", "done"),
    [
        ("AB", "A", "A", False),
        ("AB", "AA", "A", False),
        ("AB", "AB", "AB", True),
        ("AB", "BA", "AB", True),
        ("AB", "AX", "A", False),
        ("", "", "", False),
        ("", "A", "", False),
    ],
)
def test_P14_a_session_counts_each_planned_method_once(
    planned: str, used: str, completed: str, done: bool
) -> None:
    found = completed_in_session(planned, used)
    assert found == list(completed)
    assert is_completed(len(planned), len(found)) is done


def test_the_worked_example_of_program_progress() -> None:
    assert progress([(2, 1), (1, 0)], direct=1) == Progress(
        total_sessions=2,
        completed_sessions=0,
        total_methods=3,
        completed_methods=2,
        preserved_completions=1,
    )


def test_the_program_of_the_home_page_example_is_at_sixty_percent() -> None:
    found = progress([(2, 2), (2, 1), (1, 0)], direct=0)
    assert (found.total_sessions, found.completed_sessions) == (3, 1)
    assert (found.total_methods, found.completed_methods) == (5, 3)


@given(st.lists(st.text("ABCD", max_size=4).map(lambda t: "".join(dict.fromkeys(t)))), st.data())
def test_completed_never_exceeds_planned_and_replays_change_nothing(
    sessions: list[str], data: st.DataObject
) -> None:
    used = [data.draw(st.lists(st.sampled_from("ABCDX"))) for _ in sessions]
    once = [completed_in_session(p, u) for p, u in zip(sessions, used, strict=True)]
    twice = [completed_in_session(p, u + u) for p, u in zip(sessions, used, strict=True)]
    assert once == twice
    counted = progress([(len(p), len(c)) for p, c in zip(sessions, once, strict=True)], direct=0)
    assert counted.completed_methods <= counted.total_methods
    assert counted.completed_sessions <= counted.total_sessions
    assert (counted.completed_methods == counted.total_methods) is all(
        len(p) == len(c) for p, c in zip(sessions, once, strict=True)
    )
