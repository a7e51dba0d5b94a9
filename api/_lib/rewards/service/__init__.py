"""Use cases of the rewards; other domains, the endpoints and the tasks come in here."""

from api._lib.rewards.airtable.publishing import publish
from api._lib.rewards.openings import open_accounts
from api._lib.rewards.rules.opening import Opening, opening_of
from api._lib.rewards.rules.points import BELIEF_POINTS, HABIT_POINTS, PERSONAL_GOAL_POINTS
from api._lib.rewards.service.choosing import announce, announce_milestone, standing
from api._lib.rewards.service.engine import count, lock, lock_for_removal
from api._lib.rewards.service.recalculating import (
    Person,
    Totals,
    alone,
    count_people,
    people,
    person,
    recalculate,
    refresh_all_scores,
)

__all__ = [
    "BELIEF_POINTS",
    "HABIT_POINTS",
    "PERSONAL_GOAL_POINTS",
    "Opening",
    "Person",
    "Totals",
    "alone",
    "announce",
    "announce_milestone",
    "count",
    "count_people",
    "lock",
    "lock_for_removal",
    "open_accounts",
    "opening_of",
    "people",
    "person",
    "publish",
    "recalculate",
    "refresh_all_scores",
    "standing",
]
