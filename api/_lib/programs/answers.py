"""Answers of the endpoints that say more than a program."""

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET, UnsetType

from api._lib.content.model import Belief, Goal, Method
from api._lib.programs.model import ProgramView, SessionView
from api._lib.programs.rules.plan import PlannedDay
from api._lib.wire import Wire


class ProgramDetail(ProgramView, kw_only=True):
    """A program with its sessions, its progress and the content it names."""

    goal_details: Sequence[Goal]
    method_details: Sequence[Method]
    day_names: Sequence[str]
    overtuiging_details: Sequence[Belief]
    schedule: Sequence[SessionView]
    total_sessions: int
    completed_sessions: int
    total_methods: int
    completed_methods: int
    preserved_completions: int


class AvailableMethod(Wire, kw_only=True):
    """A method that can be added while a schedule is reviewed."""

    id: str
    name: str
    duration: int
    description: str | UnsetType = UNSET
    optimal_frequency: Sequence[str]
    photo: str | UnsetType = UNSET


class SuggestedBelief(Wire):
    """A belief that goes with a plan."""

    id: str
    name: str
    order: int


class SuggestedHabit(Wire):
    """A habit that goes with a plan, and why."""

    id: str
    name: str
    reason: str


class Preview(Wire, kw_only=True):
    """A plan to review; nothing of it is stored."""

    ai_schedule: Sequence[PlannedDay]
    weekly_session_time: int
    recommendations: Sequence[str]
    program_summary: str
    program_name: str
    available_methods: Sequence[AvailableMethod]
    selected_goals: Sequence[Goal]
    suggested_overtuigingen: Sequence[SuggestedBelief]
    suggested_goede_gewoontes: Sequence[SuggestedHabit]


class Confirmed(Wire, kw_only=True):
    """A stored plan."""

    program: ProgramView
    ai_schedule: Sequence[PlannedDay]
    weekly_session_time: int
    recommendations: Sequence[str]
    program_summary: str | UnsetType = UNSET


class SelectedHabit(Wire):
    """A habit that was chosen for the user, and why."""

    goede_gewoonte_id: str
    goede_gewoonte_name: str
    reason: str


class Generated(Confirmed, kw_only=True):
    """A plan that was stored as the model made it."""

    program_name: str
    selected_goede_gewoontes: Sequence[SelectedHabit]


class Regenerated(Wire):
    """A program whose remaining days were planned anew."""

    program: ProgramView
    preserved_sessions: int
    regenerated_sessions: int
    deleted_sessions: int
    new_schedule: Sequence[PlannedDay]


class Extended(Wire):
    """A program that goes on longer."""

    program: ProgramView
    created_sessions: int
    extension_start: date
    new_end_date: date
