"""Rows of Postgres as programs and sessions."""

from uuid import UUID

from api._lib.db import Record
from api._lib.programs.model import CreationType, Program, Session, Status
from api._lib.programs.rules.progress import completed_in_session
from api._lib.wire import as_uuid


def identified(entity_id: str) -> tuple[UUID | None, str]:
    """An id in both forms a look-up takes: the UUID if it is one, and the text."""
    return as_uuid(entity_id), entity_id


def program(row: Record) -> Program:
    """A row of the program columns."""
    return Program(
        id=row["id"],
        name=row["name"] or None,
        start=row["start_date"],
        end=row["end_date"],
        duration=row["duration_label"],
        status=Status(row["status"]),
        creation_type=CreationType(row["creation_type"]),
        notes=row["notes"] or None,
        days=tuple(row["days"]),
        goals=tuple(row["goals"]),
        methods=tuple(row["methods"]),
        beliefs=tuple(row["beliefs"]),
        milestones=tuple(row["milestones"]),
    )


def session(row: Record) -> Session:
    """A row of the session columns."""
    return Session(
        id=row["id"],
        planning_code=row["planning_code"],
        date=row["session_date"],
        weekday_id=row["weekday_id"],
        description=row["description"],
        notes=row["notes"],
        methods=tuple(row["methods"]),
        goals=tuple(row["goals"]),
        completions=tuple(row["completions"]),
        completed=tuple(completed_in_session(row["methods"], set(row["used"]))),
    )
