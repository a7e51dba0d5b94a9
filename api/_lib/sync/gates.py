"""Gates: each periodic job runs once per period, whichever worker gets there first (M6)."""

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from api._lib.db import Queries

JITTER = 0.1
LONGEST_ERROR = 300


class Gate(Struct, frozen=True):
    """What is remembered of a periodic job."""

    cursor: str | None
    last_started_at: datetime | None
    last_ok_at: datetime | None
    last_error: str | None
    counts: dict[str, Any]


async def read_gate(q: Queries, key: str) -> Gate | None:
    """What is remembered of a job, if it ever ran."""
    row = await q.fetchrow(READ, key)
    return Gate(*row) if row else None


async def claim_run(q: Queries, key: str, period: float) -> bool:
    """Take the next run of a job if it is due; true for one caller per period."""
    spread = period * (1 - JITTER + 2 * JITTER * random.random())
    return bool(await q.fetchval(CLAIM, key, spread))


async def end_run(
    q: Queries,
    key: str,
    error: str | None = None,
    counts: Mapping[str, object] | None = None,
    rejected: int = 0,
) -> None:
    """Store how a run ended."""
    text = error[:LONGEST_ERROR] if error else None
    await q.execute(END, key, text, dict(counts) if counts is not None else None, rejected)


READ = """
SELECT cursor, last_started_at, last_ok_at, last_error, counts FROM sync_gates WHERE key = $1"""

CLAIM = """
INSERT INTO sync_gates AS g (key, last_started_at) VALUES ($1, now())
ON CONFLICT (key) DO UPDATE SET last_started_at = now()
WHERE g.last_started_at IS NULL OR g.last_started_at <= now() - make_interval(secs => $2)
RETURNING true"""

END = """
INSERT INTO sync_gates AS g (key, last_finished_at, last_ok_at, last_error, counts, rejected)
VALUES ($1, now(), CASE WHEN $2::text IS NULL THEN now() END, $2, coalesce($3, '{}'::jsonb), $4)
ON CONFLICT (key) DO UPDATE SET
    last_finished_at = now(), last_ok_at = coalesce(excluded.last_ok_at, g.last_ok_at),
    last_error = excluded.last_error, rejected = excluded.rejected,
    counts = CASE WHEN $3::jsonb IS NULL THEN g.counts ELSE excluded.counts END"""
