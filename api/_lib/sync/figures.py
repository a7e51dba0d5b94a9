"""The figures for operators: those of this process, and the state of the two stores."""

import logging
from datetime import UTC, datetime
from typing import Any

import asyncpg

from api._lib import metrics
from api._lib.context import Resources
from api._lib.db import DatabaseUnavailableError, reason_of
from api._lib.sync import status
from api._lib.sync.inbound.tracking import followed

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
        found = await status.collect(resources.db, resources.cache, resources.settings, seen)
        _show(found)
        _show_inbound(found["inbound"], followed(resources.settings))
        metrics.postgres_up.set(1)
    except (DatabaseUnavailableError, asyncpg.PostgresError, OSError) as error:
        log.warning("no figures of the stores", extra={"reason": reason_of(error)})
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
    metrics.late_erasures.set(outbox["lateErasures"])
    metrics.reminder_jobs.labels("due").set(found["notifications"]["due"])
    metrics.reminder_jobs.labels("dead_letter").set(found["notifications"]["deadLetter"])
    metrics.workers.set(found["workers"])
    metrics.tables_without_app_id.set(len(airtable["tablesWithoutAppId"]))
    metrics.breaker_open.set(airtable["breaker"] != "closed")
    metrics.calls_this_month.set(airtable["callsThisMonth"])


def _show_inbound(inbound: dict[str, Any], tables: frozenset[str]) -> None:
    """Since when changes of a table may have been missed: its last listing, or the webhook's."""
    metrics.inbound_lag.clear()
    for table in tables & inbound["tables"].keys():
        told = (inbound["tables"][table]["lastOkAt"], inbound["lastWebhookAt"])
        if moments := [moment for moment in told if moment]:
            metrics.inbound_lag.labels(table).set(_age(max(moments)))


def _age(moment: str) -> float:
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())
