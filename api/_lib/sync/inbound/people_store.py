"""SQL around the reading of people; their own rows are written by the accounts domain."""

from collections.abc import Sequence
from datetime import datetime

from api._lib.db import Queries

GATE = "users"


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
