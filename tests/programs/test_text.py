"""Names, descriptions and other texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.programs.rules.plan import PlannedMethod
from api._lib.programs.rules.text import (
    clean,
    clean_name,
    cut_at_word,
    rounded,
    session_description,
)


def test_a_session_is_described_by_its_methods_in_order() -> None:
    unknown = "recOnbekend000001"
    planned = [
        PlannedMethod("recA", "Ademen", 5),
        PlannedMethod(unknown, unknown, 0),
        PlannedMethod("recB", "Bodyscan", 10),
    ]
    assert session_description(planned) == "Ademen (5 min)\nrecOnbekend000001\nBodyscan (10 min)"
    assert session_description([]) is None


@pytest.mark.parametrize(
    ("value", "result"), [(37.5, 38), (36.5, 37), (37.4, 37), (0.5, 1), (2.5, 3)]
)
def test_halves_are_rounded_up(value: float, result: int) -> None:
    assert rounded(value) == result


@pytest.mark.parametrize(
    ("text", "limit", "result"),
    [
        ("Rust en kracht", 40, "Rust en kracht"),
        ("Rust en kracht", 9, "Rust en"),
        ("Rust en kracht", 7, "Rust en"),
        ("Onafgebroken", 5, "Onafg"),
    ],
)
def test_a_long_name_is_cut_between_words(text: str, limit: int, result: str) -> None:
    assert cut_at_word(text, limit) == result


@given(st.text(), st.integers(1, 60))
def test_names_hold_no_markup_and_keep_their_limit(text: str, limit: int) -> None:
    name = cut_at_word(clean_name(text), limit)
    assert len(name) <= limit
    assert not set(name) & set("<>\n\r\x00")
    assert cut_at_word(clean_name(name), limit) == name


@given(st.text(), st.integers(1, 60))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    once = clean(text, limit)
    assert clean(once, limit) == once
    assert len(once) <= limit
