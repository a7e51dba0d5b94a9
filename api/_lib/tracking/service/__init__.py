"""Use cases of tracking; other domains and the endpoints come in here."""

from api._lib.tracking.contracts import DoneMethod
from api._lib.tracking.service.choosing import (
    add_goal,
    add_personal_belief,
    change_goal,
    change_personal_belief,
    complete_belief,
    complete_goal,
    completed_beliefs,
    delete_goal,
    delete_personal_belief,
    goal_counts,
    goals_of,
    habits_of_day,
    methods_of_program,
    personal_beliefs_of,
    record_method,
    remark_on_method,
    tick_habit,
    untick_habit,
)
from api._lib.tracking.service.confirming import add_personal_beliefs

__all__ = [
    "DoneMethod",
    "add_goal",
    "add_personal_belief",
    "add_personal_beliefs",
    "change_goal",
    "change_personal_belief",
    "complete_belief",
    "complete_goal",
    "completed_beliefs",
    "delete_goal",
    "delete_personal_belief",
    "goal_counts",
    "goals_of",
    "habits_of_day",
    "methods_of_program",
    "personal_beliefs_of",
    "record_method",
    "remark_on_method",
    "tick_habit",
    "untick_habit",
]
