"""The worker: `saq api.workers.sync_worker.settings`."""

import logging
import os
import sys
from typing import Any

from redis.exceptions import RedisError

from api._lib.backend import check_combination
from api._lib.logs import configure
from api._lib.settings import Role, Settings, SettingsError
from api._lib.settings_loader import load_settings
from api._lib.sync.inbound_jobs import (
    drain_webhook,
    every,
    import_order,
    import_reference,
    import_tracking,
    import_translations,
    keep_webhook,
    poll_users,
    recheck_user,
    reconcile_stores,
    show_content,
    webhook_period,
)
from api._lib.sync.jobs import Job, Runtime, cron_jobs, cron_seconds, queue_functions, tick
from api._lib.sync.outbound_jobs import (
    check_base,
    drain_outbox,
    purge,
    reap_leases,
    replay_dead_letters,
    replay_period,
)
from api._lib.sync.process import DEQUEUE_SECONDS, GRACE_SECONDS, Process, open_queue
from api._lib.sync.program_jobs import roll_program_status
from api._lib.sync.reminder_jobs import (
    plan_dirty_users,
    plan_user,
    reconcile_notifications,
    reconcile_period,
    send_due_notifications,
)
from api._lib.sync.schedule import Poll


def every_poll_interval(settings: Settings) -> str:
    """The fallback period of the outbox."""
    return cron_seconds(settings.sync_poll_interval_ms / 1000)


def four_times_a_lease(settings: Settings) -> str:
    """Every 30 seconds with the default lease of two minutes."""
    return cron_seconds(min(settings.sync_lease_seconds / 4, 30))


async def while_incomplete(runtime: Runtime) -> float | None:
    """Look every minute while a table lacks its App ID field."""
    return 60.0 if runtime.outbound.schema_book.schema.tables_without_app_id else None


JOBS: tuple[Job, ...] = (
    Job(tick, timeout=10, cron=cron_seconds(5)),
    Job(drain_outbox, timeout=60, cron=every_poll_interval, without_redis=True),
    Job(reap_leases, timeout=30, cron=four_times_a_lease, without_redis=True),
    Job(check_base, timeout=60, cron="0 2 * * *", gate="base", period=while_incomplete),
    Job(replay_dead_letters, timeout=60, gate="dead_letters", period=replay_period),
    Job(purge, timeout=300, cron="30 2 * * *", gate="purge"),
    Job(poll_users, timeout=120, gate=Poll.USERS, period=every(Poll.USERS), ends_at_stop=True),
    Job(import_reference, timeout=300, gate=Poll.FULL, period=every(Poll.FULL), ends_at_stop=True),
    Job(
        import_translations,
        timeout=300,
        gate=Poll.TRANSLATIONS,
        period=every(Poll.TRANSLATIONS),
        ends_at_stop=True,
    ),
    Job(
        import_tracking,
        timeout=600,
        gate=Poll.TRACKING,
        period=every(Poll.TRACKING),
        ends_at_stop=True,
    ),
    Job(import_order, timeout=60, gate=Poll.ORDER, period=every(Poll.ORDER), ends_at_stop=True),
    Job(show_content, timeout=30, cron=cron_seconds(15)),
    Job(
        drain_webhook,
        timeout=120,
        gate=Poll.PAYLOADS,
        period=every(Poll.PAYLOADS),
        ends_at_stop=True,
    ),
    Job(keep_webhook, timeout=60, gate="webhook_refresh", period=webhook_period),
    Job(recheck_user, timeout=60),
    Job(reconcile_stores, timeout=3600, cron="0 3 * * *", gate="reconcile", ends_at_stop=True),
    Job(send_due_notifications, timeout=60, cron=cron_seconds(5), without_redis=True),
    Job(plan_user, timeout=30),
    Job(plan_dirty_users, timeout=60, cron=cron_seconds(10)),
    Job(reconcile_notifications, timeout=120, gate="notifications", period=reconcile_period),
    Job(roll_program_status, timeout=60, cron="1 * * * *", gate="program_status"),
)


def settings() -> dict[str, Any]:
    """What the queue's worker runs with; a bad environment ends the process with status 1."""
    try:
        loaded = load_settings(os.environ, Role.WORKER)
        check_combination(loaded)
    except SettingsError as error:
        sys.exit(str(error))
    configure(loaded.log_level)
    logging.getLogger("saq").addFilter(_without_redis_noise)
    queue = open_queue(loaded.redis_url or "")
    process = Process(loaded, queue, JOBS)
    return {
        "queue": queue,
        "functions": queue_functions(JOBS),
        "cron_jobs": cron_jobs(JOBS, loaded),
        "concurrency": loaded.saq_concurrency,
        "startup": process.startup,
        "shutdown": process.shutdown,
        "dequeue_timeout": DEQUEUE_SECONDS,
        "shutdown_grace_period_s": GRACE_SECONDS,
    }


def _without_redis_noise(record: logging.LogRecord) -> bool:
    """Drop the queue's tracebacks about an absent Redis; the cache says it once."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, RedisError | OSError)
