"""What Postgres knows of programs that live in Airtable, and their cells cannot tell."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from api._lib.db import Queries, Record, Transaction


class Known(Struct, frozen=True, kw_only=True):
    """The row of a program, as far as its record leaves questions."""

    start: date
    duration: str
    end: date
    milestones: tuple[str, ...]
    is_used: bool
    """Whether anything was done in it."""
    touched_at: datetime


# $1 a user, or nobody for all. An extension after a gap ends on a day that no formula computes.
KNOWN = """
SELECT l.airtable_record_id::text AS record_id, p.start_date, p.duration_label, p.end_date,
       p.updated_at,
       ARRAY(SELECT split_part(r.ref, ':', 2) FROM reward_ledger AS r
             WHERE r.program_id = p.id AND r.user_id = p.user_id AND r.kind = 'milestone')
           AS milestones,
       EXISTS (SELECT FROM method_completions AS c WHERE c.program_id = p.id)
       OR EXISTS (SELECT FROM belief_completions AS c WHERE c.program_id = p.id) AS is_used
FROM programs AS p
JOIN airtable_links AS l ON l.entity_type = 'program' AND l.entity_id = p.id::text
WHERE ($1::text IS NULL OR p.user_id = $1) AND l.deleted_at IS NULL"""

DONE = """
SELECT c.id::text, c.method_id::text, c.completed_on,
       s.airtable_record_id::text AS session, p.airtable_record_id::text AS program
FROM method_completions AS c
LEFT JOIN airtable_links AS s ON s.entity_type = 'program_schedule' AND s.deleted_at IS NULL
     AND s.entity_id = c.session_id::text
LEFT JOIN airtable_links AS p ON p.entity_type = 'program' AND p.deleted_at IS NULL
     AND p.entity_id = c.program_id::text
WHERE c.user_id = $1 AND c.program_id IS NOT NULL
ORDER BY c.created_at, c.id"""

ROWS = """
SELECT entity_id FROM airtable_links
WHERE entity_type = $1 AND airtable_record_id = ANY ($2::text[])"""

RECORDS = """
SELECT airtable_record_id::text AS id FROM airtable_links
WHERE entity_type = $1 AND entity_id = ANY ($2::text[]) AND deleted_at IS NULL"""

NOTE_END = """
UPDATE programs AS p SET end_date = $2 FROM airtable_links AS l
WHERE l.entity_type = 'program' AND l.airtable_record_id = $1 AND p.id = l.entity_id::uuid"""

ZONES = """
SELECT u.id::text, n.timezone
FROM users AS u LEFT JOIN notification_preferences AS n ON n.user_id = u.id
WHERE u.id = ANY ($1::text[])"""


async def known(q: Queries, user_id: str | None) -> dict[str, Known]:
    """What rows tell, by record; of one person, or of all."""
    rows = await q.fetch(KNOWN, user_id)
    return {
        row["record_id"]: Known(
            start=row["start_date"],
            duration=row["duration_label"],
            end=row["end_date"],
            milestones=tuple(row["milestones"]),
            is_used=row["is_used"],
            touched_at=row["updated_at"],
        )
        for row in rows
    }


async def done(q: Queries, user_id: str) -> list[Record]:
    """What a person did in programs, oldest first, with the records of these."""
    return await q.fetch(DONE, user_id)


async def rows_of(q: Queries, kind: str, record_ids: Sequence[str]) -> list[str]:
    """The rows of records."""
    return [row["entity_id"] for row in await q.fetch(ROWS, kind, record_ids)]


async def records_of(q: Queries, kind: str, ids: Sequence[str]) -> list[str]:
    """The living records of rows."""
    return [row["id"] for row in await q.fetch(RECORDS, kind, ids)]


async def note_end(tx: Transaction, record_id: str, end: date) -> None:
    """Store the day on which a program really ends."""
    await tx.execute(NOTE_END, record_id, end)


async def zones(q: Queries, user_ids: Sequence[str]) -> dict[str, str | None]:
    """The chosen time zones of those people that exist."""
    return {row["id"]: row["timezone"] for row in await q.fetch(ZONES, user_ids)}
