"""Five thousand reminders of one evening, two worker processes, and one of them dies on the way."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from api._lib.context import Context, open_resources
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.airtable import airtable_environ
from tests.notifications.crowd import add_crowd, subscribe_many
from tests.notifications.seed import PUSH_ENVIRON
from tests.prepared import prepared_python
from tests.scale import SOAK, scaled
from tests.sync.workers import eventually, worker_process
from tests.tracking.seed import add_content

__all__ = ["airtable_environ"]

ROOT = Path(__file__).parents[2]
PEOPLE = scaled(300, soak=5_000)
LEAST_PER_SECOND = scaled(0, soak=500)
"""The stated bound; so few reminders as in every run tell nothing about it."""

MOST_ROUNDS = 3
"""The figure is one of a calm machine, so a rush that others disturbed is repeated."""

SLOWNESS = scaled(1.0, soak=0.0)
"""How long a push takes at first: few reminders must not all be out before the worker dies."""

HOLD_SECONDS = 1.0
PATIENCE = 180.0

# Reminders for this very minute, whatever the hour.
PREFERENCES = """
INSERT INTO notification_preferences (user_id, reminder_mode, lead_minutes, preferred_time_local,
    timezone, quiet_hours_start, quiet_hours_end)
SELECT id, 'session', 0, $1, 'UTC', '00:00', '00:00' FROM users
ON CONFLICT (user_id) DO UPDATE SET preferred_time_local = excluded.preferred_time_local"""

SENT = "SELECT count(*) FROM notification_jobs WHERE status = 'sent'"


@pytest.fixture
def worker_environ(airtable_environ: dict[str, str]) -> dict[str, str]:
    """A worker that sends, and leaves what it does not know of in Airtable alone."""
    quiet = {"USER_FAST_LANE_ENABLED": "false", "FULL_AIRTABLE_POLL_SYNC_ENABLED": "false"}
    return airtable_environ | PUSH_ENVIRON | quiet | {"SYNC_LEASE_SECONDS": "10"}


@pytest.fixture
def settings(worker_environ: dict[str, str]) -> Settings:
    """Settings of the workers."""
    return load_settings(worker_environ, Role.WORKER)


@asynccontextmanager
async def push_process() -> AsyncIterator[str]:
    """A push service, at full size in a process of its own; its address."""
    if not SOAK:
        async with PushStandIn() as service:
            yield service.url
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tasks.dev.push", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ready = await process.stdout.readline()
    try:
        yield ready.decode().split()[1]
    finally:
        process.terminate()
        await process.wait()


class Rush:
    """People whose reminders are all due at once."""

    def __init__(self, db: Database, settings: Settings, environ: dict[str, str], folder: Path):
        self._db, self._settings, self._environ, self._folder = db, settings, environ, folder

    async def prepare(self, service_url: str) -> None:
        """Make the people, each with a device and a session today."""
        devices = await subscribe_many(service_url, PEOPLE)
        await add_content(self._db)
        async with self._db.connection() as connection:
            today = datetime.now(UTC).date()
            await add_crowd(connection, PEOPLE, today, every=28, devices=devices)

    async def happen(self, service: httpx.AsyncClient) -> float:
        """One rush with two workers; how many reminders went out in a second."""
        await self._plan()
        await service.delete("/messages")
        await service.post("/control", json={"delaySeconds": SLOWNESS})
        command = (prepared_python(), "-m", "saq")
        name = datetime.now(UTC).strftime("%H%M%S")
        with (
            worker_process(self._environ, self._folder / f"{name}-one", command) as doomed,
            worker_process(self._environ, self._folder / f"{name}-two", command),
        ):
            await eventually(lambda: self._are_sent(PEOPLE // 3), PATIENCE, "a third")
            # While every push of both waits for its answer, one worker dies.
            await service.delete("/control")
            await service.post("/control", json={"delaySeconds": HOLD_SECONDS})
            await asyncio.sleep(HOLD_SECONDS / 2)
            doomed.kill()
            assert not await self._are_sent(PEOPLE)
            await service.delete("/control")
            await eventually(lambda: self._are_sent(PEOPLE), PATIENCE, "the last one")
        return rate_of((await service.get("/messages")).json())

    async def _plan(self) -> None:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        await self._db.execute("DELETE FROM notification_jobs")
        await self._db.execute(PREFERENCES, now.time())
        async with open_resources(self._settings) as opened:
            assert (await notifications.reconcile(Context(opened))).written == PEOPLE

    async def _are_sent(self, wanted: int) -> bool:
        found: int = await self._db.fetchval(SENT)
        return found >= wanted


def rate_of(messages: list[dict[str, Any]]) -> float:
    """Messages per second but for the time they were held; each device must have got one."""
    devices = Counter(message["device"] for message in messages)
    assert len(devices) == PEOPLE
    assert set(devices.values()) == {1}
    times = sorted(datetime.fromisoformat(message["receivedAt"]) for message in messages)
    return PEOPLE / ((times[-1] - times[0]).total_seconds() - HOLD_SECONDS)


@pytest.mark.soak
async def test_F5_a_rush_is_sent_at_500_a_second_each_once_though_a_worker_dies(
    settings: Settings, worker_environ: dict[str, str], db: Database, tmp_path: Path
) -> None:
    rush = Rush(db, settings, worker_environ, tmp_path)
    async with push_process() as url, httpx.AsyncClient(base_url=url, timeout=30) as service:
        await rush.prepare(url)
        rates = [await rush.happen(service)]
        while len(rates) < MOST_ROUNDS and max(rates) < LEAST_PER_SECOND:
            rates.append(await rush.happen(service))
    print("reminders per second:", [round(rate) for rate in rates])
    assert max(rates) >= LEAST_PER_SECOND
