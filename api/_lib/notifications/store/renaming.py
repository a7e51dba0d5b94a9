"""SQL for people whose id changes."""

from api._lib.db import Transaction

# The keys name the person, and what was sent must stay recognisable as sent (F24).
RENAME = """
UPDATE notification_jobs
SET dedupe_key = replace(dedupe_key, ':user:' || $1::text, ':user:' || $2::text)
WHERE user_id IN ($1::text, $2::text) AND dedupe_key LIKE '%:user:' || $1::text || '%'"""


async def rename(tx: Transaction, old_id: str, new_id: str) -> None:
    """Let the identities of reminders follow a person to a new id."""
    await tx.execute(RENAME, old_id, new_id)
