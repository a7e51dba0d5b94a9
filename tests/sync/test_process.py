"""The life of a worker process while something is wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from api._lib.cache import Cache
from api._lib.context import Resources, open_resources
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync import process
from api._lib.sync.process import Process, open_queue
from api.workers.sync_worker import JOBS
from tests.lines import Line

SOON = 30.0


@pytest.fixture
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    """What a worker holds open."""
    async with open_resources(settings, "mfa-worker") as opened:
        yield opened


@pytest.fixture
def worker(settings: Settings, tmp_path: Path) -> Process:
    """A worker that was not started."""
    beating = structs.replace(settings, worker_heartbeat_file=str(tmp_path / "heartbeat.json"))
    return Process(beating, open_queue(settings.redis_url or ""), JOBS)


async def until_logged(caplog: pytest.LogCaptureFixture, event: str, times: int) -> None:
    async with asyncio.timeout(SOON):
        while [record.message for record in caplog.records].count(event) < times:
            await asyncio.sleep(0.01)


async def test_M11_a_status_that_cannot_be_published_is_told_and_tried_again(
    settings: Settings,
    resources: Resources,
    worker: Process,
    cache: Cache,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.01)
    await cache.set(f"sync:breaker:{settings.airtable_base_id}", b"no JSON", 60)
    worker._state = "running"
    publishing = asyncio.create_task(worker._keep_publishing(resources))
    await until_logged(caplog, "the status could not be published", 2)
    worker._stop.set()
    await publishing


async def test_M11_the_heart_beats_whatever_the_process_waits_for(
    worker: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.01)
    beating, path = asyncio.create_task(worker._beat()), tmp_path / "heartbeat.json"
    moments: set[float] = set()
    async with asyncio.timeout(SOON):
        while len(moments) < 3:
            await asyncio.sleep(0.01)
            if path.exists():
                moments.add(json.loads(path.read_text())["time"])
    worker._stop.set()
    await beating


async def test_a_part_that_fails_is_not_silent(
    worker: Process, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    worker._spawn(fail())
    await until_logged(caplog, "a part of the worker failed", 1)


async def test_L6_a_worker_that_waits_for_migrations_outlasts_a_restart_of_postgres(
    settings: Settings, worker: Process, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(settings.database_url)
    through = structs.replace(settings, database_url=await line.open())
    async with open_resources(through, "mfa-worker") as opened:
        await line.close()
        waiting = asyncio.create_task(worker._wait_for_migrations(opened))
        await until_logged(caplog, "not reachable", 1)
        await line.open()
        async with asyncio.timeout(SOON):
            await waiting
    await line.close()
