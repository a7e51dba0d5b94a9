"""Rows of records that are gone from Airtable, where Airtable owns them."""

from collections.abc import Sequence
from datetime import datetime

from api._lib.db import Queries, Transaction
from api._lib.sync.inbound.activity_model import Activity


async def remove_records(
    tx: Transaction, activity: Activity, record_ids: Sequence[str], *, on_purpose: bool
) -> set[str]:
    """Let the rows go; whose they were.

    What a request deleted never comes back. A record that is only missing may have a row with a
    change that is still to be sent: that row stays.
    """
    if not record_ids:
        return set()
    rows = await tx.fetch(_removal(activity, on_purpose), activity.type, record_ids)
    if on_purpose:
        await tx.execute(BURY, activity.type, record_ids)
    return {row["owner"] for row in rows if row["owner"]}


async def missing_records(
    q: Queries, activity: Activity, seen: Sequence[str], read_at: datetime
) -> tuple[list[str], int]:
    """Linked records that a complete listing no longer holds, and how many are linked at all.

    What was written or read after the listing began is not missing.
    """
    rows = await q.fetch(LINKED, activity.type)
    there = set(seen)
    missing = [
        row["record_id"]
        for row in rows
        if row["record_id"] not in there
        and all(moment is None or moment < read_at for moment in (row["pushed"], row["pulled"]))
    ]
    return missing, len(rows)


def _removal(activity: Activity, on_purpose: bool) -> str:
    relation, is_row = activity.entity.relation, "t.id = gone.entity_id::uuid"
    owner = "t.user_id::text"
    if "user_id" not in activity.columns:
        owner = "(SELECT p.user_id::text FROM programs AS p WHERE p.id = t.program_id)"
    row = f"DELETE FROM {relation} AS t USING gone WHERE {is_row}"
    if activity.when_gone:
        row = f"UPDATE {relation} AS t SET {activity.when_gone} FROM gone WHERE {is_row}"
    return f"""
WITH gone AS (
    {END_LINKS if on_purpose else DROP_LINKS} RETURNING l.entity_id
)
{row} RETURNING {owner} AS owner"""


_NAMED = "l.entity_type = $1 AND l.airtable_record_id = ANY ($2::text[]) AND l.deleted_at IS NULL"

END_LINKS = f"UPDATE airtable_links AS l SET deleted_at = now() WHERE {_NAMED}"

# Somebody may take the record back from Airtable's trash, so nothing tells that it is dead.
DROP_LINKS = f"""DELETE FROM airtable_links AS l WHERE {_NAMED}
      AND NOT EXISTS (
          SELECT FROM outbox_events AS e
          WHERE e.entity_type = l.entity_type AND e.entity_id = l.entity_id
            AND e.status IN ('pending', 'processing'))
      AND NOT EXISTS (
          SELECT FROM outbox_dead_letters AS d
          WHERE d.entity_type = l.entity_type AND d.entity_id = l.entity_id
            AND d.resolved_at IS NULL)"""

LINKED = """
SELECT airtable_record_id::text AS record_id, pushed_at AS pushed, pulled_at AS pulled
FROM airtable_links WHERE entity_type = $1 AND deleted_at IS NULL
ORDER BY airtable_record_id"""

BURY = """
INSERT INTO sync_tombstones (entity_type, airtable_record_id, entity_id, reason, purged_at)
SELECT l.entity_type, l.airtable_record_id, l.entity_id, 'app', now()
FROM airtable_links AS l
WHERE l.entity_type = $1 AND l.airtable_record_id = ANY ($2::text[])
ORDER BY l.airtable_record_id
ON CONFLICT (entity_type, airtable_record_id) DO NOTHING"""
