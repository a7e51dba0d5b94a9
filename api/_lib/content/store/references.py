"""SQL of links to content that may not have arrived yet."""

from collections.abc import Iterable

from api._lib.db import Queries

TABLES = {
    "methods": "methods",
    "goals": "goals",
    "daysOfWeek": "weekdays",
    "overtuigingen": "beliefs",
    "goedeGewoontes": "habits",
}

# Before the first import a link makes a stub, so that no link is lost (data model 11.4).
_EXISTING = """
WITH stub AS (
    INSERT INTO {table} (id, name, is_listed)
    SELECT id, '', false FROM unnest($1::text[]) AS given(id)
    WHERE NOT EXISTS (
        SELECT FROM {table} WHERE is_listed AND archived_at IS NULL AND btrim(name) <> '')
    ORDER BY id
    ON CONFLICT (id) DO NOTHING
    RETURNING id
)
SELECT id::text FROM {table} WHERE id = ANY ($1::text[]) UNION SELECT id::text FROM stub"""


async def existing(q: Queries, table: str, ids: Iterable[str]) -> set[str]:
    """Those of the ids that have a row, also one made just now because nothing was read yet."""
    rows = await q.fetch(_EXISTING.format(table=TABLES[table]), sorted(ids))
    return {row["id"] for row in rows}
