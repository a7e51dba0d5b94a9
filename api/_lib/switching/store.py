"""What the switching between stores asks Postgres."""

from collections.abc import Collection, Sequence
from weakref import WeakKeyDictionary

from api._lib.airtable.entities import EntityType
from api._lib.db import Database, Queries

_filled: WeakKeyDictionary[Database, set[EntityType]] = WeakKeyDictionary()


async def are_filled(db: Database, kinds: Sequence[EntityType]) -> bool:
    """Whether the first fill of these kinds succeeded; once true, that stays known."""
    known = _filled.setdefault(db, set())
    if known.issuperset(kinds):
        return True
    rows = await db.fetch(FILLED, [f"backfill:{kind}" for kind in kinds])
    known.update(EntityType(row["key"].removeprefix("backfill:")) for row in rows)
    return known.issuperset(kinds)


async def unsent(q: Queries, kinds: Sequence[EntityType], user_id: str | None) -> frozenset[str]:
    """Rows of a person whose changes Airtable has not got yet, dead letters included."""
    if user_id is None:
        return frozenset()
    rows = await q.fetch(UNSENT, kinds, user_id)
    return frozenset(row["entity_id"] for row in rows)


async def entity_ids(q: Queries, record_ids: Collection[str]) -> dict[str, str]:
    """Our ids of the records that have rows of ours."""
    rows = await q.fetch(ENTITY_IDS, sorted(record_ids))
    return {row["record_id"]: row["entity_id"] for row in rows}


FILLED = "SELECT key FROM sync_gates WHERE key = ANY ($1::text[]) AND last_ok_at IS NOT NULL"

UNSENT = """
SELECT entity_id FROM outbox_events
WHERE user_id = $2 AND entity_type = ANY ($1::text[])
  AND status IN ('pending', 'processing', 'dead_letter')"""

ENTITY_IDS = """
SELECT airtable_record_id::text AS record_id, entity_id FROM airtable_links
WHERE airtable_record_id = ANY ($1::text[]) AND entity_type <> 'user'"""
