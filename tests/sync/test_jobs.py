"""The job table: complete, its times valid, its rows run as they say."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from saq import Worker

from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.jobs import Counts, Job, StoppedError, cron_seconds, perform, tick
from api._lib.sync.process import open_queue
from api.workers import sync_worker
from tests.airtable import with_settings

OF_THE_SHEET = {
    "drain_outbox",
    "reap_leases",
    "send_due_notifications",
    "plan_user",
    "plan_dirty_users",
    "reconcile_notifications",
    "poll_users",
    "import_reference",
    "import_translations",
    "import_order",
    "import_tracking",
    "check_base",
    "replay_dead_letters",
    "roll_program_status",
    "purge",
    "tick",
}


def test_L16_every_job_is_in_the_table() -> None:
    names = [job.name for job in sync_worker.JOBS]
    assert set(names) >= OF_THE_SHEET
    assert len(names) == len(set(names))


async def test_L16_the_queue_knows_every_job_and_every_cron_entry_resolves(
    airtable_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in airtable_environ.items():
        monkeypatch.setenv(name, value)
    # Making a worker refuses expressions that are no times.
    worker: Any = Worker(**sync_worker.settings())
    assert worker.functions.keys() == {job.name for job in sync_worker.JOBS}
    for entry in worker.cron_jobs:
        assert entry.function.__qualname__ in worker.functions
        assert entry.timeout
    await worker.queue.disconnect()


def test_every_job_has_an_occasion_and_a_time_limit() -> None:
    for job in sync_worker.JOBS:
        assert job.cron or job.period or job.name in ("plan_user", "recheck_user")
        assert job.timeout > 0
        assert job.period is None or job.gate


@pytest.mark.parametrize(
    ("seconds", "cron"),
    [(0.2, "* * * * * */1"), (2, "* * * * * */2"), (2.1, "* * * * * */3"), (90, "* * * * * 0")],
)
def test_seconds_become_cron_expressions(seconds: float, cron: str) -> None:
    assert cron_seconds(seconds) == cron


@pytest.mark.parametrize(("milliseconds", "step"), [(2_000, "*/2"), (2_500, "*/3"), (100, "*/1")])
def test_the_fallback_period_is_a_setting(settings: Settings, milliseconds: int, step: str) -> None:
    changed = with_settings(settings, sync_poll_interval_ms=milliseconds)
    assert sync_worker.every_poll_interval(changed).endswith(step)


class Stage:
    """As much of a runtime as a job without a gate needs."""

    worker = "w"

    def __init__(self) -> None:
        self.stopping = asyncio.Event()


async def test_M10_a_stop_ends_long_readings_at_once() -> None:
    stage: Any = Stage()
    ended = asyncio.Event()

    async def long_reading(_: Any) -> Counts:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return None

    running = asyncio.create_task(perform(Job(long_reading, 60, ends_at_stop=True), stage))
    await asyncio.sleep(0)
    stage.stopping.set()
    with pytest.raises(StoppedError):
        await running
    assert ended.is_set()


async def test_a_reading_that_ends_in_time_is_counted() -> None:
    stage: Any = Stage()

    async def reading(_: Any) -> Counts:
        return {"read": 3}

    assert await perform(Job(reading, 60, ends_at_stop=True), stage) == {"read": 3}


async def test_the_queue_waits_while_redis_is_away() -> None:
    queue = open_queue("redis://127.0.0.1:9")
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await queue.dequeue(1) is None
    assert loop.time() - began >= 0.9
    await queue.disconnect()


def named(name: str) -> Job:
    """A job that is due at every look."""

    async def run(_: Any) -> Counts:
        return None

    async def at_once(_: Any) -> float | None:
        return 0.0

    run.__name__ = name
    return Job(run, 10, gate=name, period=at_once)


async def test_jobs_that_are_always_due_let_the_others_begin(db: Database) -> None:
    begun: set[str] = set()

    async def hint(name: str) -> None:
        begun.add(name)

    jobs = {name: named(name) for name in "abcd"}
    stage: Any = SimpleNamespace(db=db, jobs=jobs, hint=hint)
    for _ in range(40):
        assert await tick(stage) == {"due": 2}
    assert begun == jobs.keys()
