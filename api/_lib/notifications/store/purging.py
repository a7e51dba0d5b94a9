"""SQL of what is too old to keep, and of people whose id changes."""

from datetime import datetime, timedelta

from api._lib.db import Database, Transaction

BATCH = 1_000
KEEP_JOBS = timedelta(days=90)
KEEP_DELIVERIES = timedelta(days=90)
KEEP_SUBSCRIPTIONS = timedelta(days=180)

OLD_JOBS = """
DELETE FROM notification_jobs WHERE id IN (
    SELECT id FROM notification_jobs
    WHERE status IN ('sent', 'dead_letter', 'cancelled', 'skipped_quiet_hours')
      AND reminder_date < $1::date
    LIMIT $2 FOR UPDATE SKIP LOCKED)"""

OLD_DELIVERIES = """
DELETE FROM notification_deliveries WHERE id IN (
    SELECT id FROM notification_deliveries WHERE attempted_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED)"""

OLD_SUBSCRIPTIONS = """
DELETE FROM push_subscriptions WHERE id IN (
    SELECT id FROM push_subscriptions WHERE status <> 'active' AND updated_at < $1
    LIMIT $2 FOR UPDATE SKIP LOCKED)"""

# The keys name the person, and what was sent must stay recognisable as sent (F24).
RENAME = """
UPDATE notification_jobs
SET dedupe_key = replace(dedupe_key, ':user:' || $1::text, ':user:' || $2::text)
WHERE user_id IN ($1::text, $2::text) AND dedupe_key LIKE '%:user:' || $1::text || '%'"""


async def delete_old(db: Database, now: datetime) -> dict[str, int]:
    """Delete in small batches what is kept no longer; how many rows of each."""
    return {
        "jobs": await _in_batches(db, OLD_JOBS, (now - KEEP_JOBS).date()),
        "deliveries": await _in_batches(db, OLD_DELIVERIES, now - KEEP_DELIVERIES),
        "subscriptions": await _in_batches(db, OLD_SUBSCRIPTIONS, now - KEEP_SUBSCRIPTIONS),
    }


async def rename(tx: Transaction, old_id: str, new_id: str) -> None:
    """Let the identities of reminders follow a person to a new id."""
    await tx.execute(RENAME, old_id, new_id)


async def _in_batches(db: Database, statement: str, before: object) -> int:
    deleted = 0
    while True:
        tag = await db.execute(statement, before, BATCH)
        count = int(tag.rpartition(" ")[2])
        deleted += count
        if count < BATCH:
            return deleted
