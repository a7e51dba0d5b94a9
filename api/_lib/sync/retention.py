"""What is removed, and after how long (data-model 11.10); a thousand rows at a time."""

import logging
from collections.abc import Mapping

import asyncpg

from api._lib.db import Database
from api._lib.settings import Settings

log = logging.getLogger(__name__)

BATCH = 1_000


async def purge(db: Database, settings: Settings) -> Mapping[str, int]:
    """Remove what is past its time; how many rows of each kind."""
    counts: dict[str, int] = {}
    for name, (relation, condition) in RULES.items():
        where = condition.format(outbox_days=settings.sync_retention_days)
        counts[name] = await _purge(db, relation, where)
    return counts


async def _purge(db: Database, relation: str, where: str) -> int:
    """Batches keep locks short, and what they removed stays removed if this ends early."""
    removed = 0
    while True:
        try:
            tag = await db.execute(
                f"DELETE FROM {relation} WHERE ctid IN "
                f"(SELECT ctid FROM {relation} AS r WHERE {where} LIMIT {BATCH})"
            )
        except asyncpg.ForeignKeyViolationError:
            # Somebody began to use a row in this moment; the next day will do.
            return removed
        count = int(tag.rpartition(" ")[2])
        removed += count
        if count < BATCH:
            return removed


# Letters go before their events, so that an event is never removed with its letter still there.
RULES: Mapping[str, tuple[str, str]] = {
    "letters": (
        "outbox_dead_letters",
        "r.resolved_at < now() - interval '90 days'",
    ),
    "deadEvents": (
        "outbox_events",
        """r.status = 'dead_letter' AND r.processed_at < now() - interval '90 days'
           AND NOT EXISTS (SELECT FROM outbox_dead_letters AS d WHERE d.outbox_id = r.id)""",
    ),
    "events": (
        "outbox_events",
        """r.status IN ('processed', 'superseded')
           AND r.processed_at < now() - interval '{outbox_days} days'
           AND NOT EXISTS (SELECT FROM outbox_dead_letters AS d WHERE d.outbox_id = r.id)""",
    ),
    "inbox": ("inbox_events", "r.received_at < now() - interval '30 days'"),
    "codes": ("login_codes", "r.expires_at < now() - interval '24 hours'"),
    "sessions": ("auth_sessions", "r.expires_at < now() - interval '30 days'"),
    "reminders": (
        "notification_jobs",
        """r.status IN ('sent', 'cancelled', 'skipped_quiet_hours', 'dead_letter')
           AND r.reminder_date < current_date - 90""",
    ),
    "deliveries": ("notification_deliveries", "r.attempted_at < now() - interval '90 days'"),
    "subscriptions": (
        "push_subscriptions",
        "r.status IN ('revoked', 'expired') AND r.updated_at < now() - interval '180 days'",
    ),
    "comparisons": ("reconcile_runs", "r.started_at < now() - interval '30 days'"),
    "tombstones": ("sync_tombstones", "r.purged_at < now() - interval '1 year'"),
    "links": (
        "airtable_links",
        """r.deleted_at < now() - interval '1 year'
           AND NOT EXISTS (SELECT FROM sync_tombstones AS t
                           WHERE t.entity_type = r.entity_type
                             AND t.airtable_record_id = r.airtable_record_id)""",
    ),
    "calls": (
        "sync_gates",
        """r.key LIKE 'calls:%'
           AND r.key < 'calls:' || to_char(now() - interval '13 months', 'YYYY-MM')""",
    ),
}
