"""People who may no longer come in, and those whose record was made anew."""

from collections.abc import Sequence
from datetime import datetime

from api._lib.accounts.store.erasing import OWN
from api._lib.airtable.entities import EntityType
from api._lib.db import Queries, Transaction

_REVOKE_ALL = """
WITH over AS (
    UPDATE auth_sessions SET revoked_at = $2
    WHERE user_id = ANY($1::text[]) AND revoked_at IS NULL
)
UPDATE users SET sessions_valid_from = $2 WHERE id = ANY($1::text[])"""

_DELETED = """
UPDATE users SET status = 'deleted', deleted_at = $2, missing_since = NULL
WHERE id = ANY($1::text[]) AND status <> 'deleted'
RETURNING id::text"""

# Only people whose record was there before the listing began can be missing from it.
_ABSENT = """
SELECT u.id::text, u.missing_since
FROM users AS u
LEFT JOIN airtable_links AS l ON l.entity_type = 'user' AND l.entity_id = u.id
WHERE u.status <> 'deleted' AND NOT u.id = ANY($1::text[])
  AND coalesce(l.pulled_at, u.created_at) < $2
ORDER BY u.id
FOR NO KEY UPDATE OF u"""

_SEEN = """
UPDATE users SET missing_since = NULL WHERE id = ANY($1::text[]) AND missing_since IS NOT NULL"""

_MISSING = "UPDATE users SET missing_since = $2 WHERE id = ANY($1::text[])"

_REKEY = "UPDATE users SET id = $2 WHERE id = $1"

# The rows without a foreign key to people; a test compares them with the catalogue.
_REKEY_TRACES = """
WITH gone_alias AS (
    DELETE FROM user_id_aliases WHERE old_id = $2
), alias AS (
    INSERT INTO user_id_aliases (old_id, user_id, reason) VALUES ($1, $2, 'record made anew')
    ON CONFLICT (old_id) DO UPDATE SET user_id = excluded.user_id
), link AS (
    UPDATE airtable_links
    SET entity_id = $2, airtable_record_id = $2, pushed_hash = NULL, deleted_at = NULL
    WHERE entity_type = 'user' AND entity_id = $1
), letter AS (
    UPDATE outbox_dead_letters SET entity_id = $2 WHERE entity_type = 'user' AND entity_id = $1
), own AS (
    UPDATE outbox_events SET entity_id = $2, user_id = $2
    WHERE entity_type = 'user' AND entity_id = $1
), others AS (
    UPDATE outbox_events SET user_id = $2 WHERE user_id = $1 AND entity_type <> 'user'
)
UPDATE sync_tombstones SET entity_id = $2 WHERE entity_type = 'user' AND entity_id = $1"""

# Sessions name their program only.
_NAMING = f"""{OWN}
SELECT entity_type, entity_id
FROM own JOIN airtable_links AS l USING (entity_type, entity_id)
WHERE entity_type <> 'program_schedule' AND l.deleted_at IS NULL"""


async def revoke_sessions(tx: Transaction, user_ids: Sequence[str], now: datetime) -> None:
    """End all sessions of people, and refuse tokens without session issued before now."""
    await tx.execute(_REVOKE_ALL, list(user_ids), now)


async def mark_deleted(tx: Transaction, user_ids: Sequence[str], now: datetime) -> list[str]:
    """Mark people whose record is gone; those who were not marked yet."""
    rows = await tx.fetch(_DELETED, list(user_ids), now)
    return [row["id"] for row in rows]


async def absent(
    tx: Transaction, seen: Sequence[str], read_started_at: datetime
) -> dict[str, datetime | None]:
    """Ids of people a complete listing did not hold, with the moment of the first such listing."""
    await tx.execute(_SEEN, list(seen))
    rows = await tx.fetch(_ABSENT, list(seen), read_started_at)
    return {row["id"]: row["missing_since"] for row in rows}


async def set_missing(tx: Transaction, user_ids: Sequence[str], since: datetime) -> None:
    """Remember the first listing without these people."""
    await tx.execute(_MISSING, list(user_ids), since)


async def count_people(q: Queries) -> int:
    """How many people are not deleted."""
    return int(await q.fetchval("SELECT count(*) FROM users WHERE status <> 'deleted'"))


async def rekey(tx: Transaction, old_id: str, new_id: str) -> None:
    """Give a person the id of their new record everywhere; the former id stays an alias."""
    await tx.execute(_REKEY, old_id, new_id)
    await tx.execute(_REKEY_TRACES, old_id, new_id)


async def records_naming(tx: Transaction, user_id: str) -> list[tuple[EntityType, str]]:
    """The records in Airtable that name a person, their own one too."""
    rows = await tx.fetch(_NAMING, user_id)
    return [(EntityType(row["entity_type"]), row["entity_id"]) for row in rows]
