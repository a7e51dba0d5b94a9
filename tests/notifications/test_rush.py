"""Five thousand reminders of one evening, two worker processes, and one of them dies on the way."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from api._lib.context import Context, open_resources
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tests.airtable import airtable_environ
from tests.notifications.crowd import add_crowd, subscribe_many
from tests.notifications.seed import PUSH_ENVIRON
from tests.sync.workers import eventually, worker_process
from tests.tracking.seed import add_content

__all__ = ["airtable_environ"]

ROOT = Path(__file__).parents[2]
PEOPLE = 5_000
LEAST_PER_SECOND = 500
"""The stated bound."""

# Reminders for this very minute, whatever the hour.
PREFERENCES = """
INSERT INTO notification_preferences (user_id, reminder_mode, lead_minutes, preferred_time_local,
    quiet_hours_start, quiet_hours_end)
SELECT id, 'session', 0, $1, '00:00', '00:00' FROM users"""

SENT = "SELECT count(*) FROM notification_jobs WHERE status = 'sent'"
UNDER_WAY = "SELECT count(*) FROM notification_jobs WHERE status = 'processing'"


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
    """A push service in a process of its own; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tasks.dev.push", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    ready = await process.stdout.readline()
    yield ready.decode().split()[1]
    process.terminate()
    await process.wait()


async def plan_everybody(settings: Settings, db: Database, service_url: str) -> None:
    """Reminders for five thousand people, due since the minute began."""
    devices = await subscribe_many(service_url, PEOPLE)
    local = datetime.now(ZoneInfo("Europe/Brussels")).replace(second=0, microsecond=0)
    await add_content(db)
    async with db.connection() as connection:
        await add_crowd(connection, PEOPLE, local.date(), every=28, devices=devices)
        await connection.execute(PREFERENCES, local.time())
    async with open_resources(settings) as opened:
        assert (await notifications.reconcile(Context(opened))).written == PEOPLE


async def count(db: Database, query: str) -> int:
    found: int = await db.fetchval(query)
    return found


async def test_F5_a_rush_is_sent_at_500_a_second_each_once_though_a_worker_dies(
    settings: Settings, worker_environ: dict[str, str], db: Database, tmp_path: Path
) -> None:
    async with push_process() as url, httpx.AsyncClient(base_url=url, timeout=30) as service:
        await plan_everybody(settings, db, url)
        with (
            worker_process(worker_environ, tmp_path / "one") as doomed,
            worker_process(worker_environ, tmp_path / "two"),
        ):

            async def some() -> bool:
                return await count(db, SENT) > PEOPLE / 3

            await eventually(some, what="a third")
            # While every push of both waits for its answer, one worker dies.
            await service.post("/control", json={"delaySeconds": 1})
            await asyncio.sleep(0.3)
            held = await count(db, UNDER_WAY)
            doomed.kill()
            await service.delete("/control")

            async def everything() -> bool:
                return await count(db, SENT) == PEOPLE

            await eventually(everything, what="the last one")
        messages = (await service.get("/messages")).json()
    began, ended = (datetime.fromisoformat(messages[n]["receivedAt"]) for n in (0, -1))
    rate = PEOPLE / (ended - began).total_seconds()
    print(f"{rate:.0f} reminders per second; {held} were under way when the worker died")
    devices = Counter(message["device"] for message in messages)
    assert len(devices) == PEOPLE
    assert set(devices.values()) == {1}
    assert ended <= datetime.now(UTC)
    assert rate >= LEAST_PER_SECOND
