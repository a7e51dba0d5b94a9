"""Use cases of tracking; other domains and the endpoints come in here."""

from api._lib.tracking.service.beliefs import (
    add_personal_belief,
    change_personal_belief,
    complete_belief,
    completed_beliefs,
    delete_personal_belief,
    personal_beliefs_of,
)
from api._lib.tracking.service.confirming import add_personal_beliefs
from api._lib.tracking.service.goal_completions import complete_goal, goal_counts
from api._lib.tracking.service.goals import add_goal, change_goal, delete_goal, goals_of
from api._lib.tracking.service.habits import habits_of_day, tick_habit, untick_habit
from api._lib.tracking.service.methods import (
    DoneMethod,
    methods_of_program,
    record_method,
    remark_on_method,
)

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
