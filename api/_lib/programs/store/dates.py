"""Programs in each other's way: the user's row is held while their dates are compared."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from api._lib.db import Queries, Transaction
from api._lib.programs.contracts import Overlap
from api._lib.programs.store.sql import IS_DRAFT
from api._lib.wire import Key

# $2 and $3 the new period, $4 the user's today, $5 the program itself
OVERLAPPING = f"""
SELECT id, name, is_draft FROM (
    SELECT p.id, p.name, p.status, p.start_date, p.end_date, {IS_DRAFT} AS is_draft
    FROM programs AS p
    WHERE p.user_id = $1 AND p.start_date <= $3 AND p.end_date >= $2
      AND p.id IS DISTINCT FROM $5
) AS other
WHERE is_draft OR (status <> 'Afgewerkt' AND end_date >= $4)
ORDER BY start_date, id"""

HOLD_DRAFTS = "SELECT FROM programs WHERE id = ANY ($1::text[]::uuid[]) ORDER BY id FOR UPDATE"

DELETE_DRAFTS = f"""
DELETE FROM programs AS p WHERE p.id = ANY ($1::text[]::uuid[]) AND {IS_DRAFT} RETURNING p.id"""


async def hold_user(tx: Transaction, user_id: str) -> None:
    """Let one transaction at a time change a user's programs (P2)."""
    await tx.fetchrow("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)


async def overlapping(
    db: Queries, user_id: str, period: tuple[date, date], today: date, own: Key | None = None
) -> Overlap:
    """Programs of the user that share a day with the period; finished ones never block."""
    found = await db.fetch(OVERLAPPING, user_id, *period, today, own)
    drafts = [row["id"] for row in found if row["is_draft"]]
    return Overlap(blocking=len(drafts) < len(found), drafts=drafts)


async def delete_drafts(tx: Transaction, ids: Sequence[Key]) -> list[UUID]:
    """Delete programs that are still drafts; those it deleted.

    They are held first and looked at again then: somebody may just be recording activity in one.
    """
    texts = list(map(str, ids))
    await tx.fetch(HOLD_DRAFTS, texts)
    gone = await tx.fetch(DELETE_DRAFTS, texts)
    return [row["id"] for row in gone]
