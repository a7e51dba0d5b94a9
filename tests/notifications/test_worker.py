"""Reminders in a worker process, from the change somebody makes to the message on their device."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from api._lib.sync.jobs import cron_jobs, queue_functions
from api.workers.sync_worker import JOBS
from tasks.dev.push import PushStandIn
from tests.airtable import airtable_environ
from tests.notifications.seed import (
    PUBLIC,
    PUSH_ENVIRON,
    add_device,
    add_program,
    add_user,
    set_preferences,
    states,
)
from tests.prepared import prepared_python
from tests.sync.workers import Worker, eventually
from tests.sync.workers import worker_process as any_worker_process
from tests.tracking.seed import add_content

__all__ = ["airtable_environ"]

VISIBLE_SECONDS = 5
VISIBLE_WITHOUT_CALL_SECONDS = 15


@pytest.fixture
def worker_environ(airtable_environ: dict[str, str]) -> dict[str, str]:
    """A worker that leaves people Airtable does not know alone."""
    quiet = {"USER_FAST_LANE_ENABLED": "false", "FULL_AIRTABLE_POLL_SYNC_ENABLED": "false"}
    return airtable_environ | PUSH_ENVIRON | quiet


@pytest.fixture
def settings(worker_environ: dict[str, str]) -> Settings:
    """Settings of the worker."""
    return load_settings(worker_environ, Role.WORKER)


def worker_process(environ: dict[str, str], folder: Path) -> AbstractContextManager[Worker]:
    """A worker that starts at once; how it starts is not the question here."""
    return any_worker_process(environ, folder, (prepared_python(), "-m", "saq"))


async def add_ann(db: Database, service: PushStandIn, **preferences: Any) -> str:
    """Somebody with a device and a session tomorrow, not planned yet."""
    await add_content(db)
    user = await add_user(db, **preferences)
    await add_device(db, user, service.subscribe(PUBLIC))
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    await add_program(db, user, [(tomorrow, [0])])
    return user


async def mark(db: Database, user: str) -> None:
    """What every change of somebody's programs, goals or preferences does."""
    async with db.transaction() as tx:
        await notifications.mark_for_planning(tx, user, "test")


async def planned(db: Database, user: str, wanted: int, seconds: float) -> None:
    """Wait until so many reminders are waiting."""

    async def there() -> bool:
        found = [state for _, _, state in await states(db, user)]
        return found.count("pending") == wanted

    await eventually(there, seconds, f"a plan of {wanted}")


async def running(worker: Worker, db: Database) -> None:
    """Wait until a worker hears calls."""

    async def listens() -> bool:
        return bool(
            await db.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN %mfa_planning%' AND datname = current_database())"
            )
        )

    await eventually(listens, what="a worker that listens")


async def test_a_change_is_planned_within_five_seconds(
    db: Database, worker_environ: dict[str, str], push_service: PushStandIn, tmp_path: Path
) -> None:
    ann = await add_ann(db, push_service)
    with worker_process(worker_environ, tmp_path) as worker:
        await running(worker, db)
        await mark(db, ann)
        await planned(db, ann, 2, VISIBLE_SECONDS)
        await set_preferences(db, ann, reminder_mode="session")
        await mark(db, ann)
        await planned(db, ann, 1, VISIBLE_SECONDS)


async def test_a_change_whose_call_was_lost_is_planned_within_fifteen(
    db: Database, worker_environ: dict[str, str], push_service: PushStandIn, tmp_path: Path
) -> None:
    ann = await add_ann(db, push_service)
    with worker_process(worker_environ, tmp_path) as worker:
        await running(worker, db)
        await db.execute("INSERT INTO notification_planning (user_id) VALUES ($1)", ann)
        await planned(db, ann, 2, VISIBLE_WITHOUT_CALL_SECONDS)


def due_now() -> dict[str, Any]:
    """Preferences with which the reminders of tomorrow are due since this minute began."""
    now = datetime.now(UTC).time().replace(second=0, microsecond=0)
    at_this_hour = {"lead_minutes": 1440, "preferred_time_local": now, "timezone": "UTC"}
    return at_this_hour | {"quiet_hours_start": now, "quiet_hours_end": now}


async def test_reconcile_finds_who_was_never_marked_and_the_message_arrives(
    db: Database, worker_environ: dict[str, str], push_service: PushStandIn, tmp_path: Path
) -> None:
    await add_ann(db, push_service, **due_now())
    with worker_process(worker_environ, tmp_path):

        async def arrived() -> bool:
            return len(push_service.messages) == 2

        await eventually(arrived, 30, "both messages")
    assert {one["payload"]["mode"] for one in push_service.messages} == {"session", "daily_summary"}
    assert all("morgen" in one["payload"]["body"] for one in push_service.messages)


async def test_a_worker_that_died_leaves_nothing_behind(
    db: Database, worker_environ: dict[str, str], push_service: PushStandIn, tmp_path: Path
) -> None:
    """F5: what a dead worker had claimed goes out by another one."""
    ann = await add_ann(db, push_service, reminder_mode="session", **due_now())
    await mark(db, ann)
    with worker_process(worker_environ | {"WEB_PUSH_VAPID_PRIVATE_KEY": ""}, tmp_path) as planner:
        await planned(db, ann, 1, 30)
        planner.kill()
    await db.execute(
        "UPDATE notification_jobs SET status = 'processing', attempt_count = 1,"
        " lease_token = gen_random_uuid(), lease_until = now() - interval '1 second'"
    )
    with worker_process(worker_environ | {"SYNC_LEASE_SECONDS": "10"}, tmp_path / "next"):

        async def arrived() -> bool:
            return len(push_service.messages) == 1

        await eventually(arrived, 30, "the message")


async def test_switched_off_nothing_is_planned_or_sent(
    db: Database, worker_environ: dict[str, str], push_service: PushStandIn, tmp_path: Path
) -> None:
    ann = await add_ann(db, push_service)
    off = worker_environ | {"PUSH_NOTIFICATIONS_ENABLED": "false"}
    with worker_process(off, tmp_path):
        await mark(db, ann)

        async def ticked() -> bool:
            return bool(await db.fetchval("SELECT EXISTS (SELECT FROM sync_gates)"))

        await eventually(ticked, what="a first tick")
    assert await states(db, ann) == []
    gates = await db.fetch("SELECT key FROM sync_gates")
    assert "notifications" not in {row["key"] for row in gates}


def test_L16_every_job_of_reminders_is_registered(settings: Settings) -> None:
    registered = {name for name, _ in queue_functions(JOBS)}
    timed = {job.function.__name__ for job in cron_jobs(JOBS, settings)}
    assert registered >= {
        *("send_due_notifications", "plan_user", "plan_dirty_users", "reconcile_notifications")
    }
    assert timed >= {"send_due_notifications", "plan_dirty_users", "reap_leases"}
    (reconcile,) = (job for job in JOBS if job.name == "reconcile_notifications")
    assert (reconcile.gate, reconcile.timeout) == ("notifications", 120)
