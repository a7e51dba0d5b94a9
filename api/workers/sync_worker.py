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
from api._lib.sync.jobs import Job, Runtime, cron_jobs, cron_seconds, queue_functions, tick
from api._lib.sync.outbound_jobs import check_base, drain_outbox, reap_leases
from api._lib.sync.process import DEQUEUE_SECONDS, GRACE_SECONDS, Process, open_queue
from api._lib.sync.program_jobs import roll_program_status


def every_poll_interval(settings: Settings) -> str:
    """The fallback period of the outbox."""
    return cron_seconds(settings.sync_poll_interval_ms / 1000)


async def while_incomplete(runtime: Runtime) -> float | None:
    """Look every minute while a table lacks its App ID field."""
    return 60.0 if runtime.outbound.schema_book.schema.tables_without_app_id else None


JOBS: tuple[Job, ...] = (
    Job(tick, timeout=10, cron=cron_seconds(5)),
    Job(drain_outbox, timeout=60, cron=every_poll_interval, without_redis=True),
    Job(reap_leases, timeout=30, cron=cron_seconds(30), without_redis=True),
    Job(check_base, timeout=60, cron="0 2 * * *", gate="base", period=while_incomplete),
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
