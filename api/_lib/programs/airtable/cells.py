"""Programs and sessions as records: read from cells, and written as cells."""

from collections.abc import Sequence

from api._lib.airtable.records import Record
from api._lib.programs.airtable.completions import Done
from api._lib.programs.model import CreationType, NewSession, Program, Session, Status
from api._lib.programs.rules.calendar import (
    DEFAULT_WEEKS,
    duration_text,
    end_date,
    weeks,
    weeks_spanned,
)
from api._lib.programs.rules.progress import completed_in_session
from api._lib.programs.store.mirrors import Known

STATUSES = {status.value: status for status in Status}
MILESTONES = ("25", "50", "75", "100")


def read_program(record: Record, known: Known | None) -> Program | None:
    """The program of a record; nothing when it has no start."""
    start = record.day("startDate")
    if start is None:
        return None
    duration = record.text("duration") or duration_text(DEFAULT_WEEKS)
    computed = record.day("endDate")
    end = computed if computed and computed >= start else end_date(start, weeks(duration))
    if known and (known.start, known.duration) == (start, duration):
        end = known.end if weeks_spanned(start, known.end) == weeks(duration) else end
    reached = {*record.json_list("milestonesAwarded"), *(known.milestones if known else ())}
    is_ai = record.text("creationType") == CreationType.AI
    return Program(
        id=record.id,
        name=_name(record),
        start=start,
        end=end,
        duration=duration,
        status=STATUSES.get(record.text("status") or "", Status.PLANNED),
        creation_type=CreationType.AI if is_ai else CreationType.MANUAL,
        notes=record.text("notes"),
        days=tuple(record.links("daysOfWeek")),
        goals=tuple(record.links("goals")),
        methods=tuple(record.links("methods")),
        beliefs=tuple(record.links("overtuigingen")),
        milestones=tuple(step for step in MILESTONES if step in reached),
    )


def read_session(record: Record, done: Sequence[Done]) -> Session:
    """The session of a record, with what was done in it."""
    methods = tuple(record.links("methods"))
    return Session(
        id=record.id,
        planning_code=record.text("planningId"),
        date=record.day("date"),
        weekday_id=record.link("dayOfWeek"),
        description=record.text("sessionDescription"),
        notes=record.text("notes"),
        methods=methods,
        goals=tuple(record.links("goals")),
        completions=tuple(one.id for one in done),
        completed=tuple(completed_in_session(methods, {one.method for one in done})),
    )


def is_bare(program: Program) -> bool:
    """Whether it is a draft, unless it has sessions or activity (2.4)."""
    filled = (program.notes, program.goals, program.days, program.methods, program.beliefs)
    return program.creation_type is CreationType.MANUAL and not any(filled)


def program_cells(program: Program) -> dict[str, object]:
    """The cells of a program but its owner's, by the names of the mapping."""
    return {
        "name": program.name,
        "startDate": program.start,
        "duration": program.duration,
        "daysOfWeek": list(program.days),
        "goals": list(program.goals),
        "methods": list(program.methods),
        "overtuigingen": list(program.beliefs),
        "notes": program.notes,
        "status": program.status,
        "creationType": program.creation_type,
    }


def session_cells(program: str, session: NewSession, goals: Sequence[str]) -> dict[str, object]:
    """The cells of a new session."""
    return {
        "program": [program],
        "date": session.date,
        "dayOfWeek": [session.weekday_id] if session.weekday_id else [],
        "sessionDescription": session.description,
        "methods": list(session.methods),
        "goals": list(goals),
    }


def _name(record: Record) -> str | None:
    """The own name; what Airtable computes only for programs that were not made here."""
    name = record.text("name") or (None if record.app_id else record.text("programId"))
    return name.replace("<", "").replace(">", "") or None if name else None
