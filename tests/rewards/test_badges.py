"""Badges: in order, once, for what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.rewards.model import BadgeFacts, Tally
from api._lib.rewards.rules.badges import BADGES, Merits, new_badges

LEGACY = [
    "vijf_methodes", "twintig_methodes", "eerste_programma", "kwart_programma",
    "half_programma", "driekwart_programma", "week_streak", "twee_weken_streak",
    "maand_streak", "dagelijkse_held", "week_gewoontes",
]  # fmt: skip


def merits(
    facts: BadgeFacts | None = None, tally: Tally | None = None, streak: int = 0, level: int = 1
) -> Merits:
    return Merits(tally or Tally(), facts or BadgeFacts(), streak, level)


def test_the_first_method_earns_the_first_badge() -> None:
    assert new_badges([], merits(BadgeFacts(methods=1))) == ["eerste_sessie"]


def test_a_first_habit_earns_a_good_start() -> None:
    now = merits(BadgeFacts(methods=1), Tally(habits=1))
    assert new_badges(["eerste_sessie"], now) == ["goede_start"]


def test_nothing_new_changes_nothing() -> None:
    assert new_badges(["week_streak"], merits()) == []


@pytest.mark.parametrize(
    ("badge", "short", "enough"),
    [
        ("eerste_sessie", merits(), merits(BadgeFacts(methods=1))),
        ("eerste_streak", merits(streak=2), merits(streak=3)),
        ("eerste_week", merits(), merits(BadgeFacts(first_week_done=True))),
        ("goede_start", merits(), merits(tally=Tally(goals=1))),
        ("op_dreef", merits(streak=20), merits(streak=21)),
        (
            "tweede_programma",
            merits(BadgeFacts(programs_started=1)),
            merits(BadgeFacts(programs_started=2)),
        ),
        (
            "drie_maanden",
            merits(BadgeFacts(months_active=2)),
            merits(BadgeFacts(months_active=3)),
        ),
        ("veelzijdig", merits(), merits(BadgeFacts(all_kinds_in_one_week=True))),
        ("programma_voltooid", merits(), merits(BadgeFacts(programs_completed=1))),
        ("zes_maanden", merits(BadgeFacts(months_active=5)), merits(BadgeFacts(months_active=6))),
        ("jaar_actief", merits(BadgeFacts(months_active=11)), merits(BadgeFacts(months_active=12))),
        ("mentale_atleet", merits(level=7), merits(level=8)),
    ],
)
def test_R12_every_badge_can_be_reached(badge: str, short: Merits, enough: Merits) -> None:
    assert badge not in new_badges([], short)
    assert badge in new_badges([], enough)


def test_R12_no_badge_hangs_on_the_mere_number_of_methods() -> None:
    many = merits(BadgeFacts(methods=500), Tally(habits=500, goals=500))
    assert new_badges([], many) == ["eerste_sessie", "goede_start"]


def test_badges_of_the_older_model_cannot_be_earned() -> None:
    assert not set(LEGACY) & set(BADGES)


ANY_MERITS = st.builds(
    Merits,
    tally=st.builds(Tally, habits=st.integers(0, 3), goals=st.integers(0, 3)),
    facts=st.builds(
        BadgeFacts,
        methods=st.integers(0, 3),
        months_active=st.integers(0, 13),
        programs_started=st.integers(0, 3),
        programs_completed=st.integers(0, 2),
        first_week_done=st.booleans(),
        all_kinds_in_one_week=st.booleans(),
    ),
    streak=st.integers(0, 30),
    level=st.integers(1, 10),
)


@given(held=st.lists(st.sampled_from([*BADGES, *LEGACY]), unique=True), now=ANY_MERITS)
def test_new_badges_are_new_in_order_and_given_once(held: list[str], now: Merits) -> None:
    new = new_badges(held, now)
    assert not set(new) & set(held)
    assert new == [badge for badge in BADGES if badge in new]
    assert new_badges([*held, *new], now) == []
