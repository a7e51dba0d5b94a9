"""What operators see: `sync:status` and the other keys in Redis, written every ten seconds."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from redis.asyncio import Redis

from api._lib.airtable.mapping import TABLES
from api._lib.cache import Cache
from api._lib.db import Database, Record
from api._lib.settings import Settings
from api._lib.wire import moment

STATUS_KEY = "sync:status"
STATUS_TTL = 60
HEARTBEAT_TTL = 30
COUNT_TTL = 600
LAG_ALARM_SECONDS = 120
DOWN_AFTER = timedelta(minutes=30)
WEBHOOK_SILENT = timedelta(minutes=20)


async def outbox_figures(db: Database) -> Record:
    """Depth, lag and delivery of the outbox, in one query."""
    row = await db.fetchrow(FIGURES)
    if row is None:
        raise LookupError("the figures query returned nothing")
    return row


async def publish(db: Database, cache: Cache, settings: Settings, workers: int) -> dict[str, Any]:
    """Write the status for operators and return it."""
    status = await collect(db, cache, settings, workers)
    await cache.set(STATUS_KEY, msgspec.json.encode(status), STATUS_TTL)
    await cache.set("sync:queue:pending", b"%d" % status["outbox"]["pending"], COUNT_TTL)
    await cache.set("sync:queue:dead", b"%d" % status["outbox"]["deadLetter"], COUNT_TTL)
    return status


async def collect(db: Database, cache: Cache, settings: Settings, workers: int) -> dict[str, Any]:
    """The status as it is now."""
    figures = await outbox_figures(db)
    gates = {row["key"]: row for row in await db.fetch(GATES)}
    webhook = await db.fetchrow(WEBHOOK)
    airtable = await _airtable(cache, settings, gates)
    return {
        "updatedAt": moment(datetime.now(UTC)),
        "version": settings.app_version,
        "state": _state(figures, airtable, gates.get("airtable")),
        "workers": workers,
        "outbox": _outbox(figures),
        "inbound": _inbound(gates, webhook),
        "airtable": airtable,
        "notifications": {"due": figures["jobs_due"], "deadLetter": figures["jobs_dead"]},
        "flags": {flag: mode.value for flag, mode in sorted(settings.backends.items())},
    }


async def beat(cache: Cache, worker: str, facts: Mapping[str, object]) -> int:
    """Say that this worker lives; how many workers do."""
    await cache.set(f"sync:worker:{worker}", msgspec.json.encode(facts), HEARTBEAT_TTL)
    return await workers_seen(cache)


async def workers_seen(cache: Cache) -> int:
    """How many workers said lately that they live."""
    return 0 if cache.client is None else await cache.attempt(_count_workers(cache.client), 0)


async def keep_pacing(cache: Cache, settings: Settings) -> None:
    """Keep the slot key alive in quiet times, so that nobody has to wait for its return."""
    if cache.client is not None:
        key = f"sync:rl:{settings.airtable_base_id}"
        await cache.attempt(cache.client.expire(key, COUNT_TTL), False)


async def flush_calls(db: Database, cache: Cache, settings: Settings) -> int:
    """Carry the calls of this month over to Postgres, and back after Redis forgot them."""
    client = cache.client
    if client is None:
        return 0
    month = datetime.now(UTC).strftime("%Y-%m")
    key = f"sync:calls:{settings.airtable_base_id}:{month}"
    counted = int(await cache.get(key) or 0)
    stored: int = await db.fetchval(STORE_CALLS, f"calls:{month}", counted)
    if counted < stored:
        restore = client.register_script(RESTORE_CALLS)
        await cache.attempt(restore(keys=[key], args=[stored]), None)
    return stored


async def _count_workers(client: Redis) -> int:
    return len([key async for key in client.scan_iter(match="sync:worker:*", count=500)])


def _outbox(figures: Record) -> dict[str, Any]:
    return {
        "pending": figures["pending"],
        "processing": figures["processing"],
        "parked": figures["parked"],
        "blocked": figures["blocked"],
        "deadLetter": figures["dead"],
        "lateErasures": figures["late_erasures"],
        "oldestSeconds": figures["lag"],
        "deliveryP50Seconds": figures["p50"],
        "deliveryP95Seconds": figures["p95"],
        "deliveryP99Seconds": figures["p99"],
        "ratePerMinute": figures["rate"],
    }


def _inbound(gates: Mapping[str, Record], webhook: Record | None) -> dict[str, Any]:
    return {
        "lastFullAt": _ok_at(gates.get("full")),
        "lastUsersAt": _ok_at(gates.get("users")),
        "lastWebhookAt": _ok_at(webhook),
        "webhook": _webhook(webhook),
        "tables": {
            key: _table(gates[f"listing:{key}"])
            for key in sorted(TABLES)
            if f"listing:{key}" in gates
        },
    }


def _table(gate: Record) -> dict[str, Any]:
    return {
        "rows": gate["counts"].get("rows"),
        "lastOkAt": _ok_at(gate),
        "error": gate["last_error"],
    }


def _webhook(row: Record | None) -> str:
    if row is None:
        return "off"
    now = datetime.now(UTC)
    expired = row["expires_at"] is not None and row["expires_at"] < now
    silent = row["last_ok_at"] is None or now - row["last_ok_at"] > WEBHOOK_SILENT
    return "error" if expired or silent else "active"


async def _airtable(
    cache: Cache, settings: Settings, gates: Mapping[str, Record]
) -> dict[str, Any]:
    base = settings.airtable_base_id
    now = datetime.now(UTC)
    paused = await cache.get(f"sync:pause:{base}")
    until = datetime.fromtimestamp(float(paused) / 1000, UTC) if paused else None
    breaker = msgspec.json.decode(await cache.get(f"sync:breaker:{base}") or b"{}")
    calls = await cache.get(f"sync:calls:{base}:{now:%Y-%m}")
    last, seen = gates.get("airtable"), gates.get("base")
    is_ok = last is not None and last["last_error"] is None and last["last_ok_at"] is not None
    return {
        "connectivity": "ok" if is_ok else "degraded",
        "pausedUntil": moment(until) if until and until > now else None,
        "breaker": breaker.get("state", "closed"),
        "callsThisMonth": int(calls or 0),
        "tablesWithoutAppId": seen["counts"].get("tablesWithoutAppId", []) if seen else [],
    }


def _state(figures: Record, airtable: Mapping[str, Any], last: Record | None) -> str:
    if last is not None and last["last_error"] is not None:
        silent_since = last["last_ok_at"] or last["created_at"]
        if datetime.now(UTC) - silent_since > DOWN_AFTER:
            return "down"
    is_late = (figures["lag"] or 0) > LAG_ALARM_SECONDS
    given_up = figures["dead"] or figures["late_erasures"]
    trouble = airtable["tablesWithoutAppId"] or airtable["breaker"] != "closed"
    return "degraded" if is_late or given_up or trouble else "ok"


def _ok_at(gate: Record | None) -> str | None:
    return moment(gate["last_ok_at"]) if gate and gate["last_ok_at"] else None


# Blocked: behind a dead parent, in a table without App ID, or behind something that is blocked.
# Those tell nothing about the speed.
FIGURES = """
WITH RECURSIVE blocked AS (
    SELECT o.id, o.entity_type || ':' || o.entity_id AS name
    FROM outbox_events AS o
    WHERE o.parked_on IS NOT NULL AND o.status = 'pending'
      AND (o.parked_on LIKE 'table:%' OR EXISTS (
          SELECT FROM outbox_dead_letters AS d
          WHERE d.entity_type = split_part(o.parked_on, ':', 1)
            AND d.entity_id = substr(o.parked_on, strpos(o.parked_on, ':') + 1)
            AND d.resolved_at IS NULL))
    UNION
    SELECT o.id, o.entity_type || ':' || o.entity_id
    FROM blocked AS b JOIN outbox_events AS o ON o.parked_on = b.name AND o.status = 'pending'
), open AS (
    SELECT o.status, o.parked_on, o.created_at, b.id IS NOT NULL AS is_blocked
    FROM outbox_events AS o LEFT JOIN blocked AS b ON b.id = o.id
    WHERE o.status IN ('pending', 'processing')
), recent AS (
    SELECT extract(epoch FROM processed_at - created_at) AS seconds, processed_at
    FROM outbox_events
    WHERE status = 'processed' AND processed_at > now() - interval '15 minutes'
)
SELECT
    (SELECT count(*) FROM open WHERE status = 'pending') AS pending,
    (SELECT count(*) FROM open WHERE status = 'processing') AS processing,
    (SELECT count(*) FROM open WHERE parked_on IS NOT NULL) AS parked,
    (SELECT count(*) FROM open WHERE is_blocked) AS blocked,
    (SELECT count(*) FROM outbox_dead_letters WHERE resolved_at IS NULL) AS dead,
    (SELECT count(DISTINCT o.user_id) FROM outbox_events AS o
     WHERE o.status NOT IN ('processed', 'superseded') AND o.operation = 'delete'
       AND o.payload ->> 'reason' = 'erasure' AND o.created_at < now() - interval '1 hour'
       AND (o.status <> 'dead_letter' OR EXISTS (
           SELECT FROM outbox_dead_letters AS d
           WHERE d.outbox_id = o.id AND d.resolved_at IS NULL))) AS late_erasures,
    (SELECT floor(extract(epoch FROM now() - min(created_at)))::int
     FROM open WHERE NOT is_blocked) AS lag,
    (SELECT count(*) FROM recent
     WHERE processed_at > now() - interval '1 minute') AS rate,
    (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float8
     FROM recent) AS p50,
    (SELECT round(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float8
     FROM recent) AS p95,
    (SELECT round(percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float8
     FROM recent) AS p99,
    (SELECT count(*) FROM notification_jobs
     WHERE status = 'pending' AND fire_at <= now()) AS jobs_due,
    (SELECT count(*) FROM notification_jobs WHERE status = 'dead_letter') AS jobs_dead"""

GATES = "SELECT key, counts, last_ok_at, last_error, created_at FROM sync_gates"

WEBHOOK = """
SELECT expires_at, last_ok_at FROM airtable_webhooks ORDER BY created_at DESC LIMIT 1"""

STORE_CALLS = """
INSERT INTO sync_gates AS g (key, counts, last_ok_at)
VALUES ($1, jsonb_build_object('calls', $2::int), now())
ON CONFLICT (key) DO UPDATE SET last_ok_at = now(), counts = jsonb_build_object(
    'calls', greatest((g.counts ->> 'calls')::int, $2::int))
RETURNING (g.counts ->> 'calls')::int"""

# What was counted since the loss is added to what was counted before, once.
RESTORE_CALLS = """
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
    redis.call('INCRBY', KEYS[1], ARGV[1])
    redis.call('EXPIRE', KEYS[1], 3456000)
end"""
