"""Badges: earned once, kept for ever."""

from collections.abc import Callable, Collection
from datetime import date

from msgspec import Struct

from api._lib.rewards.model import BadgeFacts, Entry, Kind, Tally


class Merits(Struct, frozen=True):
    """All that badges are given for, after the activity was counted."""

    tally: Tally
    facts: BadgeFacts
    streak: int
    level: int


BADGES: dict[str, Callable[[Merits], bool]] = {
    "eerste_sessie": lambda m: m.facts.methods >= 1,
    "eerste_streak": lambda m: m.streak >= 3,
    "eerste_week": lambda m: m.facts.first_week_done,
    "goede_start": lambda m: m.tally.habits >= 1 or m.tally.goals >= 1,
    "op_dreef": lambda m: m.streak >= 21,
    "tweede_programma": lambda m: m.facts.programs_started >= 2,
    "drie_maanden": lambda m: m.facts.months_active >= 3,
    "veelzijdig": lambda m: m.facts.all_kinds_in_one_week,
    "programma_voltooid": lambda m: m.facts.programs_completed >= 1,
    "zes_maanden": lambda m: m.facts.months_active >= 6,
    "jaar_actief": lambda m: m.facts.months_active >= 12,
    "mentale_atleet": lambda m: m.level >= 8,
}
"""Every badge that can still be earned, in the order they are given."""


def new_badges(held: Collection[str], merits: Merits) -> list[str]:
    """The badges earned by now and not yet held; those held are never looked at again."""
    return [name for name, earned in BADGES.items() if name not in held and earned(merits)]


def entries(held: Collection[str], merits: Merits, day: date | None) -> list[Entry]:
    """Ledger entries for the new badges."""
    return [Entry(Kind.BADGE, name, activity_on=day) for name in new_badges(held, merits)]
