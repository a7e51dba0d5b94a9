"""The pure rules of content."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from api._lib.content import rules
from api._lib.content.model import Belief, Category, Habit, Media
from api._lib.messages import LANGUAGES, Language
from tests.content.shapes import beliefs, categories, goal_ids, habits, texts

NO_MARKUP = re.compile(r"<(?!/?strong>)[a-z/!?]", re.IGNORECASE)
few = settings(max_examples=30, deadline=None)


@few
@given(texts(), st.sampled_from(LANGUAGES))
def test_every_key_has_a_text_and_keys_are_in_byte_order(
    rows: list[tuple[str, str, str | None, str | None]], language: Language
) -> None:
    found = rules.translations(rows, language)
    keys = list(found.by_key)
    assert keys == sorted(keys, key=str.encode)
    assert set(keys) == {key for key, nl, _, _ in rows if key.strip() and nl}
    assert all(found.by_key.values())
    assert set(found.by_nl) == {nl for key, nl, _, _ in rows if key.strip() and nl}


@few
@given(st.lists(st.sampled_from(["<", ">", "</", "strong", "script", " ", "x", "=", "!--"])))
def test_texts_that_become_html_hold_no_tag_but_bold(parts: list[str]) -> None:
    rows = [("wizard.review.subtitle", "a" + "".join(parts), None, None)]
    [shown] = rules.translations(rows, "nl").by_key.values()
    assert not NO_MARKUP.search(shown)


@few
@given(beliefs, categories, goal_ids)
def test_beliefs_serve_a_goal_themselves_or_through_a_category(
    known: list[Belief], groups: list[Category], wanted: list[str]
) -> None:
    found = rules.beliefs_for_goals(known, groups, wanted)
    for belief in known:
        through = [group.goal_ids for group in groups if group.id in belief.category_ids]
        served = {goal for goals in (belief.goal_ids, *through) for goal in goals}
        assert (belief in found) == bool(served & set(wanted))


@few
@given(habits, st.lists(st.text(max_size=2)))
def test_chosen_habits_are_never_none_while_there_are_any(
    known: list[Habit], selection: list[str]
) -> None:
    found = rules.chosen_habits(known, selection)
    chosen = [habit for habit in known if habit.id in selection]
    assert found == (chosen or known)


@pytest.mark.parametrize(
    ("kind", "filename", "is_played"),
    [
        ("audio", "adem", True),
        ("Video (kort)", "adem.pdf", True),
        (None, "adem.mp3", True),
        (None, "ADEM.MOV", True),
        ("document", "adem.webm", True),
        ("document", "adem.pdf", False),
        (None, "adem", False),
        (None, "adem.mp3.pdf", False),
    ],
)
def test_files_that_no_player_takes_are_left_out(
    kind: str | None, filename: str, is_played: bool
) -> None:
    link = rules.attachment_link("recMediaSound0001", filename)
    file = Media(id="recMediaSound0001", type=kind or UNSET, url=link)
    assert rules.playable([file]) == ([file] if is_played else [])


def test_links_keep_the_name_and_tell_the_extension_in_small_letters() -> None:
    link = rules.attachment_link("recMediaSound0001", "Rust & adem/één.MP3")
    assert link == "/api/attachments/recMediaSound0001/Rust%20%26%20adem_%C3%A9%C3%A9n.mp3"
