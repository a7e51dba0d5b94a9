"""Reading programs, sessions and completed methods (data model 11.11)."""

import re
from datetime import date, timedelta

from api._lib.airtable import programs
from api._lib.airtable.entities import EntityType
from api._lib.sync.inbound.activity_model import (
    Activity,
    Draft,
    Entitlement,
    RejectedError,
    Source,
    draft,
)
from api._lib.sync.inbound.link_store import LinkTable

DEFAULT_WEEKS, MOST_WEEKS = 4, 520
STATUSES = ("Actief", "Gepland", "Afgewerkt")
CREATION_TYPES = ("Manueel", "AI")
MILESTONES = ("25", "50", "75", "100")
USUAL_POINTS = 5
LONGEST_REMARK = 5_000


def program_name(source: Source) -> str | None:
    """The own name, else the one Airtable computes; the client inserts it as HTML.

    A program that was made here has no other name than its own.
    """
    name = source.cells.text("name")
    if name is None and source.app_id is None:
        name = source.cells.text("programId")
    return re.sub("[<>]", "", name) or None if name else None


def read_program(source: Source) -> Draft:
    """A program; without owner or start there is none."""
    cells = source.cells
    user_id, start = source.owner(), cells.day("startDate")
    if start is None:
        raise RejectedError("has no startDate")
    label = cells.text("duration") or f"{DEFAULT_WEEKS} weken"
    weeks = _weeks(label)
    end = _end(source, start, weeks)
    return draft(
        source,
        {
            "user_id": user_id,
            "name": program_name(source),
            "start_date": start,
            "end_date": end,
            "duration_weeks": weeks,
            "duration_label": label,
            "status": _status(source, start, end),
            "creation_type": _creation_type(source),
            "notes": cells.text("notes"),
        },
        lists={link.name: cells.links(link.field) for link in PROGRAM.lists},
        granted=[
            Entitlement("milestone", "{id}:" + step, "{id}")
            for step in cells.json_list("milestonesAwarded")
            if step in MILESTONES
        ],
    )


def read_session(source: Source) -> Draft:
    """A session of a program we have."""
    cells = source.cells
    program = source.parent("program", EntityType.PROGRAM)
    if program is None:
        raise RejectedError("belongs to no program we know")
    return draft(
        source,
        {
            "program_id": program.id,
            "session_date": cells.day("date"),
            "sequence": 1,
            "weekday_id": cells.link("dayOfWeek"),
            "planning_code": cells.text("planningId"),
            "description": cells.text("sessionDescription"),
            "notes": cells.text("notes"),
        },
        lists={link.name: cells.links(link.field) for link in PROGRAM_SCHEDULE.lists},
    )


def read_method_usage(source: Source) -> Draft:
    """A completed method, in a session, in a program, or by itself."""
    user_id, method_id = source.owner(), source.content("method")
    session = source.parent("programmaplanning", EntityType.PROGRAM_SCHEDULE, user_id)
    program = source.parent("program", EntityType.PROGRAM, user_id)
    return draft(
        source,
        {
            "user_id": user_id,
            "method_id": method_id,
            "program_id": session.program_id if session else program.id if program else None,
            "session_id": session.id if session else None,
            "remark": source.short("remark", LONGEST_REMARK),
            "completed_on": source.day("usedAt"),
            "points": source.known.points.get(method_id, USUAL_POINTS),
            "announced_at": source.created_at,
        },
    )


def _weeks(label: str) -> int:
    found = re.search(r"\d{1,9}", label)
    return min(max(int(found[0]), 1), MOST_WEEKS) if found else DEFAULT_WEEKS


def _end(source: Source, start: date, weeks: int) -> date:
    end = source.cells.day("endDate")
    computed = start + timedelta(days=7 * weeks - 1)
    return end if end is not None and end >= start else computed


def _status(source: Source, start: date, end: date) -> str:
    status = source.cells.text("status")
    if status in STATUSES:
        return status
    today = source.known.today
    return "Gepland" if today < start else "Afgewerkt" if today > end else "Actief"


def _creation_type(source: Source) -> str:
    found = source.cells.text("creationType")
    return found if found in CREATION_TYPES else "Manueel"


def _list(name: str, own: str, other: str, target: str, field: str) -> LinkTable:
    return LinkTable(name, own, other, target, field, own_type="uuid")


PROGRAM = Activity(
    programs.PROGRAM,
    {
        "user_id": "text",
        "name": "text",
        "start_date": "date",
        "end_date": "date",
        "duration_weeks": "smallint",
        "duration_label": "text",
        "status": "text",
        "creation_type": "text",
        "notes": "text",
    },
    read_program,
    lists=(
        _list("program_goals", "program_id", "goal_id", "goals", "goals"),
        _list("program_methods", "program_id", "method_id", "methods", "methods"),
        _list("program_days", "program_id", "weekday_id", "weekdays", "daysOfWeek"),
        _list("program_beliefs", "program_id", "belief_id", "beliefs", "overtuigingen"),
    ),
    # An extension after a gap ends within a week that Airtable counts to its end.
    fitted={
        "end_date": "CASE WHEN (t.start_date, t.duration_weeks) = (r.start_date, r.duration_weeks)"
        " AND r.end_date - t.end_date BETWEEN 1 AND 6 THEN t.end_date ELSE r.end_date END"
    },
)

PROGRAM_SCHEDULE = Activity(
    programs.PROGRAM_SCHEDULE,
    {
        "program_id": "uuid",
        "session_date": "date",
        "sequence": "smallint",
        "weekday_id": "text",
        "planning_code": "text",
        "description": "text",
        "notes": "text",
    },
    read_session,
    lists=(
        _list("session_methods", "session_id", "method_id", "methods", "methods"),
        _list("session_goals", "session_id", "goal_id", "goals", "goals"),
    ),
    content={"weekday_id": "weekdays"},
)

METHOD_USAGE = Activity(
    programs.METHOD_USAGE,
    {
        "user_id": "text",
        "method_id": "text",
        "program_id": "uuid",
        "session_id": "uuid",
        "remark": "text",
        "completed_on": "date",
        "points": "smallint",
        "announced_at": "timestamptz",
    },
    read_method_usage,
    content={"method_id": "methods"},
    once=("points", "announced_at"),
)
