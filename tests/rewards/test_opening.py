"""What people bring from Airtable when they first come here."""

import pytest

from api._lib.rewards.rules.opening import opening_of


@pytest.mark.parametrize(
    ("cell", "badges"),
    [
        ('["week_streak","eerste_sessie"]', ("week_streak", "eerste_sessie")),
        ('["eerste_sessie", 7, null, "goede_start"]', ("eerste_sessie", "goede_start")),
        ('["eerste_sessie", "eerste_sessie", ""]', ("eerste_sessie",)),
        ('{"eerste_sessie": true}', ()),
        ('"eerste_sessie"', ()),
        ("eerste_sessie", ()),
        ("[", ()),
        ("[" * 5_000, ()),
        ("", ()),
        (None, ()),
        (5, ()),
    ],
)
def test_badges_are_read_from_whatever_text_stands_there(
    cell: object, badges: tuple[str, ...]
) -> None:
    assert opening_of({"badges": cell}).badges == badges


@pytest.mark.parametrize(("level", "kept"), [(None, 1), (0, 1), (4, 4), (17, 10), ("8", 1)])
def test_levels_of_older_rules_are_kept_in_range(level: object, kept: int) -> None:
    assert opening_of({"level": level}).account.level == kept


def test_the_longest_streak_is_never_below_the_current_one() -> None:
    account = opening_of({"currentStreak": 5, "longestStreak": 3}).account
    assert (account.current_streak, account.longest_streak) == (5, 5)
