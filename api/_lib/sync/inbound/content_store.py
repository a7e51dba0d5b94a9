"""SQL of imported content: a few statements per table, whatever its size."""

from collections.abc import Sequence
from datetime import datetime

from api._lib.db import Queries, Transaction
from api._lib.sync.inbound.content_rows import Change, Place, Row, Stored
from api._lib.sync.inbound.content_tables import ContentTable
from api._lib.sync.inbound.link_store import write_lists


async def stored_rows(q: Queries, table: ContentTable) -> dict[str, Stored]:
    """What we have, by key."""
    fetched = table.file.fetched_at if table.file else "NULL::timestamptz"
    rows = await q.fetch(
        f"""SELECT {table.key} AS key, content_hash, sort_order, is_listed,
                   archived_at IS NOT NULL AS is_archived, {fetched} AS fetched_at, synced_at
            FROM {table.relation}"""
    )
    return {
        row["key"]: Stored(
            row["content_hash"],
            Place(row["sort_order"], row["is_listed"]),
            row["is_archived"],
            row["fetched_at"],
            row["synced_at"],
        )
        for row in rows
    }


async def known_records(q: Queries, table: ContentTable) -> set[str]:
    """Ids of the records we have read."""
    record_id = "id" if table.key == "id" else "airtable_record_id"
    rows = await q.fetch(
        f"SELECT {record_id}::text AS id FROM {table.relation} WHERE content_hash <> ''"
    )
    return {row["id"] for row in rows}


async def write_rows(
    tx: Transaction, table: ContentTable, changes: Sequence[Change], read_at: datetime
) -> None:
    """Store changed rows."""
    if not changes:
        return
    rows = [_flat(table, change) for change in changes]
    if table.before:
        await tx.execute(table.before, rows)
    await tx.execute(_upsert(table), rows, read_at)


async def write_links(
    tx: Transaction, table: ContentTable, rows: Sequence[Row], read_at: datetime
) -> int:
    """Let the links of these records be as they show them; how many lists differed."""
    changed = 0
    for link in table.links:
        lists = {row.key: row.links[link.name] for row in rows}
        changed += len(await write_lists(tx, link, lists, read_at))
    return changed


async def archive(
    tx: Transaction, table: ContentTable, keys: Sequence[str], read_at: datetime
) -> None:
    """Mark rows whose records are gone; they stay, because programs name them."""
    if keys:
        await tx.execute(
            f"""UPDATE {table.relation} SET archived_at = now(), synced_at = $2
                WHERE {table.key} = ANY ($1::text[]) AND archived_at IS NULL
                  AND synced_at <= $2""",
            keys,
            read_at,
        )


async def move(tx: Transaction, table: ContentTable, at: dict[str, Place]) -> None:
    """Store new places of known rows."""
    if not at:
        return
    rows = [
        {"key": key, "sort_order": place.sort_order, "is_listed": place.is_listed}
        for key, place in sorted(at.items())
    ]
    await tx.execute(
        f"""UPDATE {table.relation} AS t SET sort_order = r.sort_order, is_listed = r.is_listed
            FROM jsonb_to_recordset($1::jsonb) AS r(key text, sort_order int, is_listed boolean)
            WHERE t.{table.key} = r.key""",
        rows,
    )


def _flat(table: ContentTable, change: Change) -> dict[str, object]:
    row, place = change.row, change.place
    flat = {"key": row.key, **row.values, "hash": row.hash}
    flat |= {"sort_order": place.sort_order, "is_listed": place.is_listed}
    if table.file is not None:
        file = row.file
        flat |= {table.file.url: file and file.url, table.file.filename: file and file.filename}
    return flat


def _upsert(table: ContentTable) -> str:
    columns = {column.name: column.type for column in table.columns}
    file = table.file
    files = {file.url: "text", file.filename: "text"} if file else {}
    names = [*columns, *files]
    fetched_names = [file.fetched_at] if file else []
    fetched = [f"CASE WHEN r.{file.url} IS NOT NULL THEN $2::timestamptz END"] if file else []
    types = ", ".join(f"{name} {kind}" for name, kind in (columns | files).items())
    every = [*names, *fetched_names]
    updates = ", ".join(f"{name} = excluded.{name}" for name in every)
    return f"""
INSERT INTO {table.relation} AS t
    ({", ".join([table.key, *every])}, sort_order, is_listed, content_hash, synced_at)
SELECT {", ".join(["r.key", *(f"r.{name}" for name in names), *fetched])},
       r.sort_order, r.is_listed, r.hash, $2
FROM jsonb_to_recordset($1::jsonb)
    AS r(key text, {types}, sort_order int, is_listed boolean, hash text)
ORDER BY r.key
ON CONFLICT ({table.key}) DO UPDATE SET {updates}, sort_order = excluded.sort_order,
    is_listed = excluded.is_listed, content_hash = excluded.content_hash,
    synced_at = excluded.synced_at, archived_at = NULL
WHERE t.content_hash = '' OR t.synced_at <= excluded.synced_at"""
