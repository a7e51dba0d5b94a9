"""How records of what people do become rows of tracking."""

from collections.abc import Sequence
from datetime import date

from api._lib.airtable.entities import EntityType
from api._lib.airtable.incoming.model import Incoming, Reader, Row, UnusableError
from api._lib.airtable.mapping import ENTITIES
from api._lib.db import Transaction
from api._lib.rewards import service as rewards
from api._lib.rewards.model import Entry, Kind
from api._lib.tracking.model import BeliefStatus, GoalStatus
from api._lib.tracking.rules import week_order

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 1_000
LONGEST_REMARK = 5_000


def scheduled_days(text: str | None) -> list[str] | None:
    """The days of the week in the text of a cell; none of them counts as never set."""
    return week_order(part.strip() for part in (text or "").split(",")) or None


def goal_status(text: str | None) -> GoalStatus:
    """The state of a goal by its cell; an unknown one is pursued."""
    known = {status.value: status for status in GoalStatus}
    return known.get(text or "", GoalStatus.ACTIVE)


def belief_status(text: str | None) -> BeliefStatus:
    """The state of a personal belief by its cell; an unknown one is active."""
    return BeliefStatus.FINISHED if text == BeliefStatus.FINISHED else BeliefStatus.ACTIVE


def _habit(record: Reader) -> Row:
    return {
        "user_id": record.owner(),
        "habit_id": record.content("goedeGewoonte"),
        "completed_on": record.day("date"),
    }


def _goal(record: Reader) -> Row:
    return {
        "user_id": record.owner(),
        "name": _name(record),
        "description": record.text("description", LONGEST_DESCRIPTION),
        "status": goal_status(record.cells.text("status")),
        "schedule_days": scheduled_days(record.cells.text("scheduleDays")),
    }


def _goal_completion(record: Reader) -> Row:
    owner = record.owner()
    goal = record.parent("personalGoal", owner)
    if goal is None:
        raise UnusableError("belongs to no goal of the person")
    return {
        "user_id": owner,
        "personal_goal_id": goal.id,
        "completed_on": record.day("date"),
    }


def _belief(record: Reader) -> Row:
    owner = record.owner()
    program = record.parent("program", owner)
    return {
        "user_id": owner,
        "belief_id": record.content("overtuiging"),
        "program_id": program and program.id,
        "completed_on": record.day("date"),
    }


def _personal_belief(record: Reader) -> Row:
    owner = record.owner()
    program = record.parent("program", owner)
    status = belief_status(record.cells.text("status"))
    finished = status is BeliefStatus.FINISHED
    return {
        "user_id": owner,
        "name": _name(record),
        "program_id": program and program.id,
        "status": status,
        "completed_on": record.day("completedDate") if finished else None,
    }


def _method(record: Reader) -> Row:
    owner = record.owner()
    session = record.parent("programmaplanning", owner)
    program = record.parent("program", owner)
    return {
        "user_id": owner,
        "method_id": record.content("method"),
        "program_id": session.program_id if session else program and program.id,
        "session_id": session and session.id,
        "remark": record.text("remark", LONGEST_REMARK),
        "completed_on": record.day("usedAt"),
    }


def _name(record: Reader) -> str:
    name = (record.cells.text("name") or "").strip()[:LONGEST_NAME]
    if not name:
        raise UnusableError("has no name")
    return name


async def _belief_earned(tx: Transaction, rows: Sequence[Row], now: bool) -> None:
    await rewards.grant(tx, [_entry(Kind.BELIEF, row, row["belief_id"]) for row in rows], now)


async def _personal_belief_earned(tx: Transaction, rows: Sequence[Row], now: bool) -> None:
    done = [row for row in rows if row["status"] is BeliefStatus.FINISHED]
    await rewards.grant(
        tx, [_entry(Kind.PERSONAL_BELIEF, row, str(row["id"])) for row in done], now
    )


def _entry(kind: Kind, row: Row, ref: str) -> tuple[str, Entry]:
    day: date = row["completed_on"]
    return row["user_id"], Entry(kind, ref, rewards.BELIEF_POINTS, row["program_id"], day)


_UNTIL_ACTIVE = "CASE WHEN excluded.status = 'Actief' THEN NULL ELSE t.completed_on END"

INCOMING: dict[EntityType, Incoming] = {
    incoming.type: incoming
    for incoming in (
        Incoming(
            entity=ENTITIES[EntityType.PERSONAL_GOAL],
            columns={
                "user_id": "text",
                "name": "text",
                "description": "text",
                "status": "text",
                "schedule_days": "text[]",
            },
            read=_goal,
            # Airtable cannot tell a plan that was cleared from one that was never made, and does
            # not know when a goal was achieved.
            kept={
                "schedule_days": "coalesce(excluded.schedule_days,"
                " CASE WHEN t.schedule_days = '{}' THEN t.schedule_days END)",
                "completed_on": _UNTIL_ACTIVE,
            },
            soft="status = 'Verwijderd'",
        ),
        Incoming(
            entity=ENTITIES[EntityType.PERSOONLIJKE_OVERTUIGING],
            columns={
                "user_id": "text",
                "name": "text",
                "program_id": "uuid",
                "status": "text",
                "completed_on": "date",
            },
            read=_personal_belief,
            soft="status = 'Verwijderd'",
            earn=_personal_belief_earned,
        ),
        Incoming(
            entity=ENTITIES[EntityType.METHOD_USAGE],
            columns={
                "user_id": "text",
                "method_id": "text",
                "program_id": "uuid",
                "session_id": "uuid",
                "remark": "text",
                "completed_on": "date",
            },
            read=_method,
            # What a method is worth counts as it was when the completion was first seen.
            computed={
                "points": "(SELECT m.points_value FROM methods AS m WHERE m.id = r.method_id)"
            },
        ),
        Incoming(
            entity=ENTITIES[EntityType.GOEDE_GEWOONTE_USAGE],
            columns={"user_id": "text", "habit_id": "text", "completed_on": "date"},
            read=_habit,
            natural=("user_id", "habit_id", "completed_on"),
        ),
        Incoming(
            entity=ENTITIES[EntityType.PERSONAL_GOAL_USAGE],
            columns={"user_id": "text", "personal_goal_id": "uuid", "completed_on": "date"},
            read=_goal_completion,
        ),
        Incoming(
            entity=ENTITIES[EntityType.OVERTUIGING_USAGE],
            columns={
                "user_id": "text",
                "belief_id": "text",
                "program_id": "uuid",
                "completed_on": "date",
            },
            read=_belief,
            natural=("user_id", "belief_id"),
            earn=_belief_earned,
        ),
    )
}
"""By kind of record; those that others link to come first."""
