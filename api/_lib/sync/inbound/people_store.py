"""SQL around the reading of people; their own rows are written by the accounts domain."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from api._lib.accounts.service import Arrival
from api._lib.db import Queries

GATE = "users"

MOST_WAITING = 20
"""So many records at most are looked at again when somebody changes."""


async def watermark(q: Queries) -> datetime | None:
    """Since when changes were not looked for; None before the first complete listing."""
    text = await q.fetchval("SELECT cursor FROM sync_gates WHERE key = $1", GATE)
    return datetime.fromisoformat(text) if text else None


async def set_watermark(q: Queries, read_at: datetime) -> None:
    """Note until when changes are known."""
    await q.execute(
        """INSERT INTO sync_gates (key, cursor) VALUES ($1, $2)
           ON CONFLICT (key) DO UPDATE SET cursor = excluded.cursor""",
        GATE,
        read_at.isoformat(),
    )


async def known_ids(q: Queries, ids: Sequence[str]) -> set[str]:
    """Those of the ids that need no further reading: people we have, and people erased."""
    rows = await q.fetch(
        """SELECT id::text FROM users WHERE id = ANY ($1::text[])
           UNION
           SELECT airtable_record_id::text FROM sync_tombstones
           WHERE entity_type = 'user' AND airtable_record_id = ANY ($1::text[])""",
        ids,
    )
    return {row["id"] for row in rows}


async def waiting_for(q: Queries, ids: Sequence[str]) -> list[str]:
    """The records that wait for an address which one of these people has, or nobody."""
    rows = await q.fetch(WAITING, ids, MOST_WAITING)
    return [row["id"] for row in rows]


async def note_waiting(q: Queries, arrivals: Iterable[Arrival]) -> None:
    """Remember who waits for whose address, and forget who waits no more."""
    told = {one.id: one.rival for one in arrivals if one.waits}
    await forget_waiting(q, [one.id for one in arrivals if not one.waits])
    if told:
        await q.execute(NOTE_WAITING, [*told], [*told.values()])


async def forget_waiting(q: Queries, ids: Sequence[str]) -> None:
    """Forget these records, as they wait for nobody or are gone."""
    if ids:
        await q.execute(FORGET_WAITING, ids)


WAITING = """
SELECT substr(key, 9) AS id FROM sync_gates
WHERE key LIKE 'waiting:%' AND (cursor IS NULL OR cursor = ANY ($1::text[]))
ORDER BY key LIMIT $2"""

NOTE_WAITING = """
INSERT INTO sync_gates (key, cursor)
SELECT 'waiting:' || id, rival FROM unnest($1::text[], $2::text[]) AS told(id, rival) ORDER BY id
ON CONFLICT (key) DO UPDATE SET cursor = excluded.cursor"""

FORGET_WAITING = """
DELETE FROM sync_gates
WHERE key LIKE 'waiting:%' AND substr(key, 9) = ANY ($1::text[])"""
