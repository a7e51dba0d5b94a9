"""Steps that several tests of programs take."""

from datetime import date
from typing import Any
from uuid import UUID

from api._lib.db import Database
from tests.endpoints.asking import Asking
from tests.programs.catalogue import BREATHE, MONDAY, SCAN, STRESS, WEDNESDAY

Event = tuple[str, str, int]
SOON = "2026-03-09"
"""The Monday after the day on which the clock of the tests stands."""


async def create(person: Asking, start: str = SOON, duration: str = "2 weken", **more: Any) -> Any:
    """Make a program by hand; with nothing more it is a draft."""
    answer = await person.post("programs", startDate=start, duration=duration, **more)
    assert answer.status == 201, answer.body
    return answer.data


async def create_whole(person: Asking, start: str = SOON, duration: str = "2 weken") -> Any:
    """Make a program with a goal, two methods and sessions on Mondays and Wednesdays."""
    days = [MONDAY, WEDNESDAY]
    methods = [BREATHE, SCAN]
    return await create(person, start, duration, goals=[STRESS], methods=methods, daysOfWeek=days)


def review(start: str = SOON, duration: str = "2 weken", **changes: Any) -> dict[str, Any]:
    """A reviewed program with a session of two methods and one of a single method."""
    first = date.fromisoformat(start)
    return {
        "goals": [STRESS],
        "startDate": start,
        "duration": duration,
        "daysOfWeek": [MONDAY, WEDNESDAY],
        "editedSchedule": [
            day(first.isoformat(), BREATHE, SCAN),
            day(date.fromordinal(first.toordinal() + 2).isoformat(), BREATHE),
        ],
        **changes,
    }


def day(when: str, *methods: str) -> dict[str, Any]:
    """A day of a reviewed schedule, with a day id that is not the right one."""
    planned = [{"methodId": id, "methodName": "?", "duration": 99} for id in methods]
    return {"date": when, "dayOfWeek": "?", "dayId": "recWrongDay000001", "methods": planned}


async def confirm(person: Asking, **changes: Any) -> Any:
    """Store a reviewed program."""
    answer = await person.post("programs/confirm", **review(**changes))
    assert answer.status == 201, answer.body
    return answer.data


async def detail(person: Asking, program_id: str) -> Any:
    """A program as its page sees it."""
    return (await person.get(f"programs/{program_id}")).data


async def complete(
    db: Database,
    person: Asking,
    method: str,
    *,
    session: str | None = None,
    program: str | None = None,
    on: date = date(2026, 3, 4),
) -> UUID:
    """Record that a method was done, in a session or only in a program."""
    row: UUID = await db.fetchval(
        "INSERT INTO method_completions (user_id, method_id, session_id, program_id, completed_on,"
        " points) SELECT $1, $2, $3, coalesce($4::uuid, (SELECT program_id FROM program_sessions"
        " WHERE id = $3)), $5, 5 RETURNING id",
        person.id,
        method,
        session,
        program,
        on,
    )
    return row


async def events(db: Database) -> list[Event]:
    """What waits to be sent to Airtable, as kind, operation and priority."""
    rows = await db.fetch(
        "SELECT entity_type::text, operation, priority::int FROM outbox_events"
        " WHERE status = 'pending' AND entity_type <> 'user'"
        " ORDER BY priority, entity_type, operation, id"
    )
    return [tuple(row) for row in rows]


async def take_events(db: Database) -> list[Event]:
    """The waiting events, sent now."""
    found = await events(db)
    await db.execute("UPDATE outbox_events SET status = 'processed' WHERE status = 'pending'")
    return found


async def link(db: Database, kind: str, entity_id: str, airtable_id: str) -> None:
    """Say which Airtable record belongs to an entity."""
    await db.execute(
        "INSERT INTO airtable_links (entity_type, entity_id, airtable_record_id,"
        " airtable_table_id) VALUES ($1, $2, $3, 'tblTest')",
        kind,
        entity_id,
        airtable_id,
    )


async def planning_reasons(db: Database) -> list[str]:
    """Why reminders are to be planned anew; forgotten afterwards."""
    rows = await db.fetch("DELETE FROM notification_planning RETURNING reason")
    return [row["reason"] for row in rows]
