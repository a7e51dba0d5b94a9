"""The figures for operators: those of this process, and the state of the two stores."""

import logging
from datetime import UTC, datetime
from typing import Any

import asyncpg

from api._lib import metrics
from api._lib.context import Resources
from api._lib.db import DatabaseUnavailableError
from api._lib.sync import status

log = logging.getLogger(__name__)
STATES = ("pending", "processing", "parked", "blocked")
QUANTILES = {
    "0.5": "deliveryP50Seconds",
    "0.95": "deliveryP95Seconds",
    "0.99": "deliveryP99Seconds",
}


async def measured(resources: Resources) -> bytes:
    """All figures in Prometheus' text format; while Postgres is away those of the process only."""
    size, idle = resources.db.size
    metrics.pool_connections.labels("open").set(size)
    metrics.pool_connections.labels("idle").set(idle)
    try:
        seen = await status.workers_seen(resources.cache)
        _show(await status.collect(resources.db, resources.cache, resources.settings, seen))
        metrics.postgres_up.set(1)
    except (DatabaseUnavailableError, asyncpg.PostgresError, OSError) as error:
        log.warning("no figures of the stores", extra={"reason": type(error).__name__})
        metrics.postgres_up.set(0)
    return metrics.render()


def _show(found: dict[str, Any]) -> None:
    outbox, airtable = found["outbox"], found["airtable"]
    for state in STATES:
        metrics.outbox_events.labels(state).set(outbox[state])
    metrics.outbox_lag.set(outbox["oldestSeconds"] or 0)
    for quantile, name in QUANTILES.items():
        metrics.outbox_delivery.labels(quantile).set(outbox[name] or 0)
    metrics.dead_letters.set(outbox["deadLetter"])
    metrics.reminder_jobs.labels("due").set(found["notifications"]["due"])
    metrics.reminder_jobs.labels("dead_letter").set(found["notifications"]["deadLetter"])
    metrics.workers.set(found["workers"])
    metrics.tables_without_app_id.set(len(airtable["tablesWithoutAppId"]))
    metrics.breaker_open.set(airtable["breaker"] != "closed")
    metrics.calls_this_month.set(airtable["callsThisMonth"])
    for table, listing in found["inbound"]["tables"].items():
        if listing["lastOkAt"]:
            metrics.inbound_lag.labels(table).set(_age(listing["lastOkAt"]))


def _age(moment: str) -> float:
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
