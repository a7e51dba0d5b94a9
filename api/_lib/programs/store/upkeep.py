"""What the hourly job changes, for all users at once."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from api._lib.db import Queries, Transaction
from api._lib.programs.store.sql import IS_DRAFT

ZONES = """
SELECT DISTINCT n.timezone FROM notification_preferences AS n WHERE n.timezone IS NOT NULL"""

# $1 and $2 zones and what day it is there, $3 the day everywhere else. Drafts are left alone:
# they live for a day, and touching one would make it live longer.
ROLL = f"""
WITH due AS (
    SELECT p.id, CASE WHEN today.day > p.end_date THEN 'Afgewerkt'
                      WHEN today.day < p.start_date THEN 'Gepland' ELSE 'Actief' END AS status
    FROM programs AS p
    LEFT JOIN notification_preferences AS n ON n.user_id = p.user_id
    LEFT JOIN unnest($1::text[], $2::date[]) AS z(zone, day) ON z.zone = n.timezone
    CROSS JOIN LATERAL (SELECT coalesce(z.day, $3::date) AS day) AS today
    WHERE p.status <> 'Afgewerkt'
      AND p.status <> CASE WHEN today.day > p.end_date THEN 'Afgewerkt'
                           WHEN today.day < p.start_date THEN 'Gepland' ELSE 'Actief' END
      AND NOT {IS_DRAFT}
    ORDER BY p.id LIMIT $4
    FOR NO KEY UPDATE OF p SKIP LOCKED
)
UPDATE programs AS p SET status = due.status FROM due WHERE p.id = due.id
RETURNING p.id, p.user_id::text"""

OLD_DRAFTS = f"""
SELECT p.id FROM programs AS p
WHERE p.updated_at < $1 AND {IS_DRAFT}
ORDER BY p.id LIMIT $2
FOR UPDATE OF p SKIP LOCKED"""

DELETE_DRAFTS = f"""
DELETE FROM programs AS p WHERE p.id = ANY ($1) AND {IS_DRAFT}
RETURNING p.id, p.user_id::text"""

Owned = list[tuple[UUID, str]]


async def zones(db: Queries) -> list[str]:
    """Time zones that users chose."""
    return [row["timezone"] for row in await db.fetch(ZONES)]


async def roll(tx: Transaction, days: Mapping[str, date], elsewhere: date, limit: int) -> Owned:
    """Store the status that follows from each user's day; programs that changed, with owners."""
    rows = await tx.fetch(ROLL, list(days), list(days.values()), elsewhere, limit)
    return [(row["id"], row["user_id"]) for row in rows]


async def delete_old_drafts(tx: Transaction, before: datetime, limit: int) -> Owned:
    """Delete drafts last touched before a moment; those it deleted, with owners."""
    ids = [row["id"] for row in await tx.fetch(OLD_DRAFTS, before, limit)]
    rows = await tx.fetch(DELETE_DRAFTS, ids) if ids else []
    return [(row["id"], row["user_id"]) for row in rows]
