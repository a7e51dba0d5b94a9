"""What Postgres remembers of records that live in Airtable: requests, and what no cell holds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from api._lib.db import Queries, Transaction


class Repeated(Struct, frozen=True, kw_only=True):
    """A method completion that may have been recorded a moment ago."""

    user_id: str
    method_id: str
    program_id: UUID | None
    session_id: UUID | None
    since: datetime


_METHOD = """
SELECT l.airtable_record_id::text FROM method_completions AS c
JOIN airtable_links AS l ON l.entity_type = 'method_usage' AND l.entity_id = c.id::text
WHERE c.user_id = $1 AND l.deleted_at IS NULL AND c.method_id = $2
  AND c.program_id IS NOT DISTINCT FROM $3 AND c.session_id IS NOT DISTINCT FROM $4
  AND c.created_at > $5
ORDER BY c.id LIMIT 1"""

_METHOD_OF_REQUEST = """
SELECT l.airtable_record_id::text FROM method_completions AS c
JOIN airtable_links AS l ON l.entity_type = 'method_usage' AND l.entity_id = c.id::text
WHERE c.user_id = $1 AND c.request_key = $2 AND l.deleted_at IS NULL"""

_GOAL = """
SELECT l.airtable_record_id::text FROM personal_goal_completions AS c
JOIN airtable_links AS l ON l.entity_type = 'personal_goal_usage' AND l.entity_id = c.id::text
WHERE c.user_id = $1 AND c.request_key = $2 AND l.deleted_at IS NULL"""

_CLEARED = """
SELECT l.airtable_record_id::text FROM personal_goals AS g
JOIN airtable_links AS l ON l.entity_type = 'personal_goal' AND l.entity_id = g.id::text
WHERE g.user_id = $1 AND g.schedule_days = '{}'"""


async def repeated_method(q: Queries, wanted: Repeated) -> str | None:
    """The record of a completion that a request repeats."""
    found: str | None = await q.fetchval(
        _METHOD,
        wanted.user_id,
        wanted.method_id,
        wanted.program_id,
        wanted.session_id,
        wanted.since,
    )
    return found


async def method_of_request(q: Queries, user_id: str, request_key: str) -> str | None:
    """The record of a method completion that a request with this key made."""
    found: str | None = await q.fetchval(_METHOD_OF_REQUEST, user_id, request_key)
    return found


async def repeated_goal(q: Queries, user_id: str, request_key: str) -> str | None:
    """The record of a goal completion that a request repeats."""
    found: str | None = await q.fetchval(_GOAL, user_id, request_key)
    return found


async def note_request(
    tx: Transaction,
    table: Literal["method_completions", "personal_goal_completions"],
    row: UUID | None,
    request_key: str | None,
) -> None:
    """Remember which request made a row."""
    if request_key is not None:
        await tx.execute(f"UPDATE {table} SET request_key = $2 WHERE id = $1", row, request_key)


async def cleared_plans(q: Queries, user_id: str) -> set[str]:
    """Records of goals whose plan was cleared, which Airtable cannot tell from never made."""
    return {row["airtable_record_id"] for row in await q.fetch(_CLEARED, user_id)}


async def note_goal(
    tx: Transaction, row: UUID, schedule_days: Sequence[str] | None, achieved_on: date
) -> None:
    """Store what the cells of a goal cannot tell."""
    await tx.execute(
        """UPDATE personal_goals SET schedule_days = $2,
               completed_on = CASE status WHEN 'Voltooid' THEN coalesce(completed_on, $3) END
           WHERE id = $1""",
        row,
        schedule_days,
        achieved_on,
    )


async def was_deleted(q: Queries, user_id: str, belief_id: UUID | None, record_id: str) -> bool:
    """Whether an own belief was deleted before."""
    found: bool = await q.fetchval(
        """SELECT EXISTS (
               SELECT FROM personal_beliefs AS b
               LEFT JOIN airtable_links AS l
                 ON l.entity_type = 'persoonlijke_overtuiging' AND l.entity_id = b.id::text
               WHERE b.user_id = $1 AND b.status = 'Verwijderd'
                 AND (b.id = $2 OR l.airtable_record_id = $3))""",
        user_id,
        belief_id,
        record_id,
    )
    return found


async def programs_among(q: Queries, ids: Sequence[str]) -> set[str]:
    """Those of the programs that have rows."""
    rows = await q.fetch("SELECT id::text FROM programs WHERE id = ANY ($1::text[]::uuid[])", ids)
    return {row["id"] for row in rows}


async def note_program(tx: Transaction, belief_id: UUID, program_id: UUID) -> None:
    """Store which program an own belief came with."""
    await tx.execute(
        "UPDATE personal_beliefs SET program_id = $2 WHERE id = $1", belief_id, program_id
    )
