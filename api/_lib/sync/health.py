"""What `GET /api/health` tells: one query, no call to anyone outside, reused for five seconds."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import msgspec

from api._lib.cache import Cache
from api._lib.context import Context
from api._lib.db import Database, DatabaseUnavailableError, reason_of
from api._lib.logs import server_facts
from api._lib.schema_version import pending_migrations
from api._lib.wire import moment

log = logging.getLogger(__name__)
Answer = tuple[int, dict[str, Any]]
LIFE_SECONDS = 5.0
QUERY_SECONDS = 2.0
CONNECTIVITY_SECONDS = 1_800

FIGURES = """
SELECT
  (SELECT count(*) FROM outbox_events WHERE status IN ('pending', 'processing')) AS pending_outbox,
  (SELECT floor(extract(epoch FROM now() - min(created_at)))::bigint
     FROM outbox_events WHERE status IN ('pending', 'processing')) AS oldest_pending_seconds,
  (SELECT count(*) FROM outbox_dead_letters WHERE resolved_at IS NULL) AS dead_letter_count,
  (SELECT count(*) FROM notification_jobs WHERE status = 'pending') AS pending_jobs,
  due.jobs AS due_jobs, due.oldest_seconds AS oldest_job_seconds,
  (SELECT count(*) FROM notification_jobs WHERE status = 'processing') AS processing_jobs,
  (SELECT count(*) FROM notification_jobs WHERE status = 'dead_letter') AS dead_jobs,
  (SELECT count(*) FROM notification_jobs
     WHERE status = 'skipped_quiet_hours') AS skipped_jobs,
  (SELECT last_ok_at FROM sync_gates WHERE key = 'full') AS last_full_poll,
  (SELECT counts FROM sync_gates WHERE key = 'base') AS base,
  (SELECT last_error IS NULL AND last_ok_at > now() - make_interval(secs => $1)
     FROM sync_gates WHERE key = 'airtable') AS airtable_ok
FROM (
  SELECT count(*) AS jobs, floor(extract(epoch FROM now() - min(fire_at)))::bigint AS oldest_seconds
  FROM notification_jobs
  WHERE status = 'pending' AND fire_at <= now() AND next_attempt_at <= now()) AS due
"""


_reports: WeakKeyDictionary[Database, "_Report"] = WeakKeyDictionary()


async def report(ctx: Context) -> tuple[int, dict[str, Any]]:
    """HTTP status and body, at most five seconds old, so that callers cannot cause more work."""
    last = _reports.get(ctx.db)
    if last is None or time.monotonic() >= last.until:
        _reports[ctx.db] = last = _Report(time.monotonic() + LIFE_SECONDS, _examine(ctx))
    return await last.result


class _Report:
    """An examination that all callers of its five seconds share."""

    def __init__(self, until: float, examination: Coroutine[Any, Any, Answer]) -> None:
        self.until = until
        self.result = asyncio.ensure_future(examination)


async def _examine(ctx: Context) -> tuple[int, dict[str, Any]]:
    postgres, redis, seen = await asyncio.gather(
        _postgres(ctx.db, ctx.settings.database_url), _redis(ctx.cache), _last_seen(ctx.cache)
    )
    body = _frame(ctx, postgres is not None)
    others = {"redis": {"status": redis}, "worker": {"lastSeenAt": seen}}
    if postgres is None:
        return 503, body | {"postgres": {"status": "error"}} | others
    body |= {"postgres": postgres["postgres"]} | others | {"sync": postgres["sync"]}
    without_id = body["sync"]["tablesWithoutAppId"]
    if body["postgres"]["migrationsPending"] or without_id:
        body["status"] = body["data"]["status"] = "degraded"
    return 200, body


def _frame(ctx: Context, is_up: bool) -> dict[str, Any]:
    now = moment(datetime.now(UTC))
    body: dict[str, Any] = {
        "success": is_up,
        "data": {"status": "healthy" if is_up else "degraded", "timestamp": now},
        "status": "ok" if is_up else "degraded",
        "timestamp": now,
        "version": ctx.settings.app_version,
        "commit": ctx.settings.app_commit,
    }
    return body if is_up else body | {"error": "The database does not answer."}


async def _postgres(db: Database, url: str) -> dict[str, Any] | None:
    try:
        return await asyncio.wait_for(_figures(db), QUERY_SECONDS)
    except (DatabaseUnavailableError, asyncpg.PostgresError, TimeoutError, OSError) as error:
        facts = {"reason": reason_of(error), **server_facts(url)}
        log.warning("postgres does not answer", extra=facts)
        return None


async def _figures(db: Database) -> dict[str, Any]:
    pending = await pending_migrations(db)
    try:
        row: Any = await db.fetchrow(FIGURES, CONNECTIVITY_SECONDS)
    except asyncpg.UndefinedTableError:
        row = dict.fromkeys(_COLUMNS)
    base = row["base"] or {}
    return {
        "postgres": {
            "status": "ok",
            "migrationsPending": pending,
            "pendingOutbox": row["pending_outbox"],
            "oldestPendingSeconds": row["oldest_pending_seconds"],
            "deadLetterCount": row["dead_letter_count"],
            "notifications": {
                "pendingJobs": row["pending_jobs"],
                "oldestPendingSeconds": row["oldest_job_seconds"],
                "dueJobs": row["due_jobs"],
                "processingJobs": row["processing_jobs"],
                "deadLetterJobs": row["dead_jobs"],
                "skippedQuietHoursJobs": row["skipped_jobs"],
            },
        },
        "sync": {
            "lastFullPollSyncAt": row["last_full_poll"] and moment(row["last_full_poll"]),
            "airtableConnectivity": "ok" if row["airtable_ok"] else "degraded",
            "tablesWithoutAppId": sorted(base.get("tablesWithoutAppId", ())),
        },
    }


_COLUMNS = (
    "pending_outbox",
    "oldest_pending_seconds",
    "dead_letter_count",
    "pending_jobs",
    "due_jobs",
    "oldest_job_seconds",
    "processing_jobs",
    "dead_jobs",
    "skipped_jobs",
    "last_full_poll",
    "base",
    "airtable_ok",
)


async def _redis(cache: Cache) -> str:
    if cache.client is None:
        return "unavailable"
    return "ok" if await cache.ping() else "degraded"


async def _last_seen(cache: Cache) -> str | None:
    """Newest heartbeat of any worker."""
    if cache.client is None:
        return None
    beats = await cache.attempt(_heartbeats(cache), [])
    return max((beat["at"] for beat in beats if "at" in beat), default=None)


async def _heartbeats(cache: Cache) -> list[dict[str, str]]:
    client = cache.client
    if client is None:
        return []
    keys = [key async for key in client.scan_iter(match="sync:worker:*", count=500)]
    values = await client.mget(keys) if keys else []
    return [msgspec.json.decode(value) for value in values if value]
