"""SQL of comparisons."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity
from api._lib.db import Queries, Transaction
from api._lib.sync.desired import Row
from api._lib.sync.reconcile.model import Comparison

CHUNK = 2_000


class LinkRow(Struct, frozen=True):
    """A living link."""

    record_id: str
    pushed_at: datetime | None


async def all_ids(q: Queries, entity: Entity) -> set[str]:
    """Ids of all rows, those too that are as good as deleted."""
    rows = await q.fetch(f"SELECT id::text FROM {entity.relation}")
    return {row["id"] for row in rows}


async def ids_changed_since(q: Queries, entity: Entity, since: datetime) -> set[str]:
    """Ids of the rows written since a moment."""
    rows = await q.fetch(f"SELECT id::text FROM {entity.relation} WHERE updated_at >= $1", since)
    return {row["id"] for row in rows}


async def some_ids(q: Queries, entity: Entity, count: int) -> set[str]:
    """Ids of some linked rows, picked at random."""
    rows = await q.fetch(
        """SELECT entity_id FROM airtable_links
           WHERE entity_type = $1 AND deleted_at IS NULL ORDER BY random() LIMIT $2""",
        entity.type,
        count,
    )
    return {row["entity_id"] for row in rows}


async def rows_by_id(q: Queries, entity: Entity, ids: Iterable[str]) -> dict[str, Row]:
    """The rows as the sending half reads them."""
    wanted = sorted(ids)
    found: dict[str, Row] = {}
    for start in range(0, len(wanted), CHUNK):
        part: list[Any] = wanted[start : start + CHUNK]
        found |= {row["id"]: dict(row) for row in await q.fetch(entity.query, part)}
    return found


async def busy_ids(q: Queries, kind: EntityType) -> set[str]:
    """Ids of records with an event that is not through yet."""
    rows = await q.fetch(
        """SELECT entity_id FROM outbox_events
           WHERE entity_type = $1 AND status IN ('pending', 'processing')""",
        kind,
    )
    return {row["entity_id"] for row in rows}


async def living_links(q: Queries, kind: EntityType) -> dict[str, LinkRow]:
    """Links by our id."""
    rows = await q.fetch(
        """SELECT entity_id, airtable_record_id::text AS record_id, pushed_at
           FROM airtable_links WHERE entity_type = $1 AND deleted_at IS NULL""",
        kind,
    )
    return {row["entity_id"]: LinkRow(row["record_id"], row["pushed_at"]) for row in rows}


async def tombstones(q: Queries, kind: EntityType) -> dict[str, bool]:
    """Deleted records; true where Airtable confirmed that it has them no more."""
    rows = await q.fetch(
        """SELECT airtable_record_id::text AS id, purged_at IS NOT NULL AS is_purged
           FROM sync_tombstones WHERE entity_type = $1""",
        kind,
    )
    return {row["id"]: row["is_purged"] for row in rows}


async def begin_run(q: Queries, entity: str) -> int:
    """Note that a comparison begins; its number."""
    run: int = await q.fetchval(
        "INSERT INTO reconcile_runs (entity) VALUES ($1) RETURNING id", entity
    )
    return run


async def end_run(q: Queries, run: int, comparison: Comparison) -> None:
    """Store a result with the first differences of each kind."""
    counts = comparison.counts | {"calls": comparison.calls}
    await q.execute(
        "UPDATE reconcile_runs SET finished_at = now(), counts = $2, ok = $3 WHERE id = $1",
        run,
        counts,
        comparison.ok,
    )
    await q.executemany(
        """INSERT INTO reconcile_diffs (run_id, kind, entity_id, airtable_record_id, fields)
           VALUES ($1, $2, $3, $4, $5)""",
        [
            (run, item.kind, item.entity_id, item.record_id, list(item.fields))
            for item in comparison.shown()
        ],
    )


async def forget_hashes(tx: Transaction, kind: EntityType, ids: Sequence[str]) -> None:
    """Let the next event of these records be sent whatever was written last."""
    await tx.execute(
        """UPDATE airtable_links SET pushed_hash = NULL
           WHERE entity_type = $1 AND entity_id = ANY ($2::text[])""",
        kind,
        ids,
    )


async def drop_links(tx: Transaction, kind: EntityType, ids: Sequence[str]) -> None:
    """Forget links whose records are gone, so that they are made again under new ones."""
    await tx.execute(
        """WITH gone AS (
               DELETE FROM airtable_links
               WHERE entity_type = $1 AND entity_id = ANY ($2::text[])
               RETURNING entity_type, entity_id, airtable_record_id)
           INSERT INTO sync_tombstones
               (entity_type, airtable_record_id, entity_id, reason, purged_at)
           SELECT entity_type, airtable_record_id, entity_id, 'airtable', now() FROM gone
           ON CONFLICT (entity_type, airtable_record_id) DO NOTHING""",
        kind,
        ids,
    )


async def bury_links(tx: Transaction, kind: EntityType, ids: Sequence[str]) -> None:
    """End links that have neither a row nor a record any more."""
    await tx.execute(
        """WITH gone AS (
               UPDATE airtable_links SET deleted_at = now()
               WHERE entity_type = $1 AND entity_id = ANY ($2::text[]) AND deleted_at IS NULL
               RETURNING entity_type, entity_id, airtable_record_id)
           INSERT INTO sync_tombstones
               (entity_type, airtable_record_id, entity_id, reason, purged_at)
           SELECT entity_type, airtable_record_id, entity_id, 'app', now() FROM gone
           ON CONFLICT (entity_type, airtable_record_id) DO NOTHING""",
        kind,
        ids,
    )
