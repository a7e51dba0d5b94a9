"""Programs and sessions as the web client reads them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from api._lib.programs.model import Program, ProgramItem, ProgramView, Session, SessionView
from api._lib.programs.rules.progress import Progress, is_completed
from api._lib.programs.rules.status import effective
from api._lib.wire import Key, filled


def base(program: Program, today: date) -> dict[str, Any]:
    """The fields that every view of a program has."""
    return {
        "id": str(program.id),
        "name": filled(program.name),
        "start_date": program.start,
        "end_date": program.end,
        "duration": program.duration,
        "days_of_week": program.days,
        "frequency": len(program.days),
        "goals": program.goals,
        "methods": program.methods,
        "notes": filled(program.notes),
        "status": effective(program.status, program.start, program.end, today),
        "creation_type": program.creation_type,
        "overtuigingen": program.beliefs,
        "milestones_awarded": program.milestones,
    }


def program_view(program: Program, today: date) -> ProgramView:
    """A program without counters."""
    return ProgramView(**base(program, today))


def program_item(program: Program, counted: Progress, today: date) -> ProgramItem:
    """A program in the list."""
    return ProgramItem(
        **base(program, today),
        total_methods=counted.total_methods,
        completed_methods=counted.completed_methods,
        method_usage_count=counted.completed_methods,
    )


def session_view(program_id: Key, session: Session) -> SessionView:
    """A session of a program."""
    return SessionView(
        id=str(session.id),
        planning_id=filled(session.planning_code),
        program_id=str(program_id),
        date=session.date.isoformat() if session.date else "",
        day_of_week_id=filled(session.weekday_id),
        session_description=filled(session.description),
        method_ids=session.methods,
        goal_ids=session.goals,
        method_usage_ids=session.completions,
        completed_method_ids=session.completed,
        is_completed=is_completed(len(session.methods), len(session.completed)),
        notes=filled(session.notes),
    )


def counts(sessions: Iterable[Session]) -> Iterable[tuple[int, int]]:
    """Planned and completed methods of each session."""
    return ((len(session.methods), len(session.completed)) for session in sessions)
