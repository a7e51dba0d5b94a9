"""The life of a worker process: start, heartbeat, stop (M9 to M12)."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq.job import Job as QueuedJob
from saq.queue.redis import RedisQueue

from api._lib.airtable.errors import AirtableError
from api._lib.context import Resources, open_resources
from api._lib.db import DatabaseUnavailableError, reason_of
from api._lib.logs import server_facts
from api._lib.notifications.service import Sender
from api._lib.push import PushSender
from api._lib.push_endpoints import unreachable
from api._lib.schema_version import pending_migrations
from api._lib.settings import Settings, without_secrets
from api._lib.sync import status
from api._lib.sync.bridge import SyncBridge
from api._lib.sync.heartbeat import heartbeat_path, write_heartbeat
from api._lib.sync.inbound.bell import InboundBell
from api._lib.sync.jobs import Job, Runtime, perform
from api._lib.sync.listening import Doorbell
from api._lib.sync.outbound import Outbound
from api._lib.sync.reminders import Reminders
from api._lib.wire import moment

log = logging.getLogger(__name__)

QUEUE = "mfa"
CONNECT_SECONDS = 60.0
GRACE_SECONDS = 35
"""Longer than one request to Airtable."""

CANCEL_SECONDS = 2.0
BEAT_SECONDS = 10.0
FLUSH_EVERY_BEATS = 6
MIGRATION_WAIT_SECONDS = 5.0
DEQUEUE_SECONDS = 1.0
AWAY = (DatabaseUnavailableError, asyncpg.PostgresError, RedisError, OSError, TimeoutError)


class PatientQueue(RedisQueue):
    """A queue that waits while Redis is away, where the plain one would spin."""

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> QueuedJob | None:
        """The next job, or nothing after a second."""
        try:
            return await super().dequeue(timeout, poll_interval)
        except (RedisError, OSError, TimeoutError):
            await asyncio.sleep(DEQUEUE_SECONDS)
            return None

    async def disconnect(self) -> None:
        """Close the connections, those to an absent Redis too."""
        with suppress(RedisError, OSError, TimeoutError):
            await super().disconnect()


def open_queue(redis_url: str) -> PatientQueue:
    """The queue of all workers; its connections outlast a blocking read."""
    client = Redis.from_url(redis_url, socket_timeout=10, socket_connect_timeout=2)
    return PatientQueue(client, name=QUEUE)


async def _look_for_push_services(push: PushSender) -> None:
    """Say so when those with a known name cannot be reached, as from an internal network (L4)."""
    if push.configured and not push.endpoints.anything:
        for host in await unreachable(push.endpoints.hosts):
            log.warning("not reachable", extra={"server": "push service", "host": host})


def _tell_of_failure(task: asyncio.Future[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("a part of the worker failed", exc_info=error)


class Process:
    """One worker process; `startup` and `shutdown` are called by the queue's worker."""

    def __init__(self, settings: Settings, queue: RedisQueue, jobs: Sequence[Job]) -> None:
        self.settings = settings
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        self._queue = queue
        self._jobs = {job.name: job for job in jobs}
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._listeners: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._outbound: Outbound | None = None
        self._state = "starting"
        self._began = datetime.now(UTC)
        self._ends: float | None = None

    async def startup(self, ctx: dict[str, Any]) -> None:
        """Open everything, wait for what is not there yet, and begin to send."""
        self._stop = ctx["worker"].event
        known = without_secrets(self.settings)
        log.info("starting", extra={**self._facts(), "settings": known})
        for warning in self.settings.warnings:
            log.warning(warning)
        resources = await self._stack.enter_async_context(
            open_resources(self.settings, "mfa-worker", bridge=SyncBridge)
        )
        await self._publish_figures(resources)
        self._spawn(self._beat())
        self._spawn(self._keep_publishing(resources))
        self._spawn(resources.airtable.limiter.announce())
        await self._wait_for_services(resources)
        await self._wait_for_migrations(resources)
        outbound = Outbound(resources.db, resources.airtable, self.settings, self.worker)
        sender = Sender(resources, self._stop)
        runtime = Runtime(
            resources, outbound, self.worker, self._queue, self._jobs, sender, self._stop
        )
        ctx["runtime"] = runtime
        self._outbound = outbound
        self._state = "running"
        doorbell = Doorbell(resources.db, outbound, self.settings)
        self._spawn(self._first_look(resources, outbound))
        self._listen(_look_for_push_services(resources.push))
        self._spawn(doorbell.answer())
        self._listen(doorbell.listen())
        reminders = Reminders(runtime, self._stop)
        self._spawn(reminders.keep_sending())
        self._listen(reminders.listen())
        self._listen(InboundBell(runtime, self._stop).listen())
        self._spawn(self._without_redis(runtime))
        self._spawn(self._watch_for_stop(outbound))

    async def _publish_figures(self, resources: Resources) -> None:
        if self.settings.metrics_port is None:
            return
        # A web server is much to import for a worker that publishes nothing.
        from api._lib.sync.figures_page import listening

        await self._stack.enter_async_context(listening(resources))

    async def shutdown(self, ctx: dict[str, Any]) -> None:
        """Let what is under way end, then close; runs after the last job has ended."""
        self._state = "stopping"
        self._stop.set()
        if self._outbound:
            self._outbound.stop()
        if self._tasks:
            await self._end_tasks()
        await self._stack.aclose()
        log.info("stopped", extra={"worker": self.worker})

    async def _end_tasks(self) -> None:
        """Wait for the rest of the grace period, which began when the stop was asked for."""
        left = GRACE_SECONDS if self._ends is None else max(0.0, self._ends - time.monotonic())
        _, late = await asyncio.wait(self._tasks, timeout=left)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCEL_SECONDS)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(_tell_of_failure)
        self._tasks.append(task)

    def _listen(self, work: Awaitable[None]) -> None:
        """Work that need not be waited for, such as waiting for calls."""
        self._spawn(work)
        self._listeners.append(self._tasks[-1])

    async def _wait_for_services(self, resources: Resources) -> None:
        """Postgres and Redis, or the end of the process after a minute."""
        settings, db = self.settings, resources.db
        await self._reach("postgres", settings.database_url, lambda: db.fetchval("SELECT 1"))
        await self._reach("redis", settings.redis_url, lambda: self._queue.redis.info("server"))

    async def _reach(self, name: str, url: str | None, probe: Callable[[], Awaitable[Any]]) -> None:
        until, pause = time.monotonic() + CONNECT_SECONDS, 0.5
        while not self._stop.is_set():
            try:
                await probe()
            except AWAY as error:
                facts = {"server": name, "reason": reason_of(error), **server_facts(url)}
                log.warning("not reachable", extra=facts)
                if time.monotonic() + pause > until:
                    log.error("giving up", extra={"server": name})
                    raise SystemExit(1) from None
                await self._sleep(pause)
                pause = min(pause * 2, 10)
                continue
            return

    async def _wait_for_migrations(self, resources: Resources) -> None:
        """Until an operator has run the migrations this version needs (L6)."""
        while not self._stop.is_set():
            try:
                pending = await pending_migrations(resources.db)
            except DatabaseUnavailableError:
                await self._wait_for_services(resources)
                continue
            if not pending:
                return
            self._state = "waiting for migration"
            log.warning("waiting for migration", extra={"pending": pending})
            await self._sleep(MIGRATION_WAIT_SECONDS)

    async def _first_look(self, resources: Resources, outbound: Outbound) -> None:
        try:
            await self._publish(resources, beats=0)
            await outbound.schema_book.look_once()
        except (AirtableError, *AWAY) as error:
            log.warning("the base cannot be seen", extra={"reason": reason_of(error)})

    async def _watch_for_stop(self, outbound: Outbound) -> None:
        await self._stop.wait()
        self._ends = time.monotonic() + GRACE_SECONDS
        outbound.stop()
        # The queue's own chores sleep for up to a minute, and the stop would wait for them.
        chores = [
            task
            for task in asyncio.all_tasks()
            if getattr(task.get_coro(), "__qualname__", "").startswith("Worker.upkeep.")
        ]
        for task in (*self._listeners, *chores):
            task.cancel()

    async def _without_redis(self, runtime: Runtime) -> None:
        """While the queue is away, run what cannot wait for it in this process (M5a)."""
        jobs = [job for job in self._jobs.values() if job.without_redis]
        period = self.settings.sync_poll_interval_ms / 1000
        while not self._stop.is_set():
            await self._sleep(period)
            if await runtime.resources.cache.ping():
                continue
            for job in jobs:
                with suppress(Exception):
                    await perform(job, runtime)

    async def _beat(self) -> None:
        """Tell the health check that this process lives, whatever it waits for."""
        lag, path = 0.0, heartbeat_path(self.settings.worker_heartbeat_file)
        while not self._stop.is_set():
            write_heartbeat(path, lag, self._facts())
            expected = time.monotonic() + BEAT_SECONDS
            await self._sleep(BEAT_SECONDS)
            lag = max(0.0, time.monotonic() - expected)

    async def _keep_publishing(self, resources: Resources) -> None:
        """Tell the operators and the other workers how this one is."""
        beats = 0
        while not self._stop.is_set():
            try:
                with suppress(*AWAY):
                    await self._publish(resources, beats)
            except Exception:
                log.exception("the status could not be published")
            beats += 1
            await self._sleep(BEAT_SECONDS)

    async def _publish(self, resources: Resources, beats: int) -> None:
        workers = await status.beat(resources.cache, self.worker, self._facts())
        await status.keep_pacing(resources.cache, self.settings)
        if self._state != "running":
            return
        await status.publish(resources.db, resources.cache, self.settings, workers)
        if beats % FLUSH_EVERY_BEATS == 0:
            await status.flush_calls(resources.db, resources.cache, self.settings)

    def _facts(self) -> dict[str, object]:
        return {
            "worker": self.worker,
            "version": self.settings.app_version,
            "commit": self.settings.app_commit,
            "state": self._state,
            "startedAt": moment(self._began),
            "at": moment(datetime.now(UTC)),
        }

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
