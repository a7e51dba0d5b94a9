"""How the worker runs jobs: a table of them, one log line per run, gates for the periodic ones."""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from msgspec import Struct, field
from redis.exceptions import RedisError
from saq import CronJob
from saq.queue.redis import RedisQueue

from api._lib import metrics
from api._lib.context import Context, Resources
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.notifications.service import Sender
from api._lib.settings import Settings
from api._lib.sync.gates import claim_run, end_run
from api._lib.sync.outbound import Outbound

log = logging.getLogger(__name__)

Counts = Mapping[str, object] | None
"""What a run did, by figure; nothing or only zeros = it was idle."""

KEEP_RESULT_SECONDS = 60
IMPORTS_AT_ONCE = 3
"""So that long readings leave room for what people wait for (M8)."""

STARTS_PER_TICK = 2
"""After a long stop not everything begins at once (M6)."""


class StoppedError(Exception):
    """The worker stops, so the job was not finished; the next worker does it."""


class Runtime(Struct):
    """What a job may use: the resources of the process and its sending half."""

    resources: Resources
    outbound: Outbound
    worker: str
    queue: RedisQueue
    jobs: Mapping[str, "Job"]
    sender: Sender
    stopping: asyncio.Event
    imports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IMPORTS_AT_ONCE))

    @property
    def ctx(self) -> Context:
        """A context of its own for a run, as domain services take it."""
        return Context(self.resources)

    @property
    def db(self) -> Database:
        """The open database."""
        return self.resources.db

    @property
    def settings(self) -> Settings:
        """The settings of the worker."""
        return self.resources.settings

    async def hint(self, name: str, **arguments: str) -> None:
        """Ask for a run of a job soon; a hint that gets lost is made good by the next period."""
        job = self.jobs[name]
        key = ":".join((name, *arguments.values()))
        with suppress(RedisError, OSError):
            await self.queue.enqueue(
                name, key=key, timeout=job.timeout, retries=1, ttl=KEEP_RESULT_SECONDS, **arguments
            )


Period = Callable[[Runtime], Awaitable[float | None]]
"""Seconds between two runs, None = not now."""


class Job(Struct, frozen=True):
    """One row of the job table."""

    run: Callable[..., Awaitable[Counts]]
    """Takes the runtime, and the arguments of the hint."""
    timeout: int
    cron: str | Callable[[Settings], str] | None = None
    """Five or six fields in UTC, the sixth for seconds."""
    gate: str | None = None
    """Key in `sync_gates`; with a period, the tick claims runs there."""
    period: Period | None = None
    without_redis: bool = False
    """Whether each process runs it by itself while the queue is away (M5a)."""
    ends_at_stop: bool = False
    """Whether a stop of the worker ends it at once, undone (M10)."""

    @property
    def name(self) -> str:
        """Name in the queue and in the logs."""
        return self.run.__name__


def cron_seconds(seconds: float) -> str:
    """A cron expression for every so many seconds, rounded up; at most a minute."""
    step = min(max(1, math.ceil(seconds)), 60)
    return "* * * * * 0" if step == 60 else f"* * * * * */{step}"


def queue_functions(jobs: Sequence[Job]) -> list[tuple[str, Callable[..., Any]]]:
    """Every job as the queue calls it."""
    return [(job.name, _queued(job)) for job in jobs]


def cron_jobs(jobs: Sequence[Job], settings: Settings) -> list[CronJob[Any]]:
    """The jobs with a fixed time."""
    return [
        CronJob(
            _queued(job),
            cron=job.cron if isinstance(job.cron, str) else job.cron(settings),
            timeout=job.timeout,
            retries=1,
            ttl=KEEP_RESULT_SECONDS,
        )
        for job in jobs
        if job.cron
    ]


async def tick(runtime: Runtime) -> Counts:
    """Claim the periodic jobs that are due and put them into the queue."""
    due = 0
    # In any order, so that those which are always due let the others begin, too.
    for job in random.sample(list(runtime.jobs.values()), len(runtime.jobs)):
        if job.period is None or job.gate is None or due == STARTS_PER_TICK:
            continue
        period = await job.period(runtime)
        if period is not None and await claim_run(runtime.db, job.gate, period):
            await runtime.hint(job.name)
            due += 1
    return {"due": due}


async def perform(job: Job, runtime: Runtime, **arguments: str) -> Counts:
    """Run a job once: its gate and the log learn how it ended."""
    run, began = uuid4().hex[:12], time.monotonic()
    facts: dict[str, object] = {"job": job.name, "run": run, "worker": runtime.worker}
    try:
        counts = await _run(job, runtime, arguments)
    except BaseException as error:
        outcome = type(error).__name__
        metrics.jobs.labels(job.name, "failed").observe(time.monotonic() - began)
        log.warning("job", extra=facts | {"outcome": outcome, "ms": _ms(began)})
        with suppress(DatabaseUnavailableError):
            await _note(job, runtime, outcome, None)
        raise
    metrics.jobs.labels(job.name, "ok").observe(time.monotonic() - began)
    await _note(job, runtime, None, counts)
    level = logging.INFO if counts and any(counts.values()) else logging.DEBUG
    log.log(level, "job", extra=facts | {"outcome": "ok", "ms": _ms(began), "counts": counts})
    return counts


async def _run(job: Job, runtime: Runtime, arguments: Mapping[str, str]) -> Counts:
    running = asyncio.ensure_future(job.run(runtime, **arguments))
    if job.ends_at_stop:
        stop = asyncio.ensure_future(runtime.stopping.wait())
        try:
            await asyncio.wait({running, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            running.cancel()
        await asyncio.wait({running})
        if running.cancelled():
            raise StoppedError
    return await running


async def _note(job: Job, runtime: Runtime, error: str | None, counts: Counts) -> None:
    if job.gate is not None:
        await end_run(runtime.db, job.gate, error, counts)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _queued(job: Job) -> Callable[..., Any]:
    async def run(ctx: dict[str, Any], **arguments: str) -> None:
        with suppress(StoppedError):
            await perform(job, ctx["runtime"], **arguments)

    run.__name__ = run.__qualname__ = job.name
    return run
