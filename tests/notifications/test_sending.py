"""Sending to a push service that verifies and decrypts like a real one."""

import asyncio
from datetime import timedelta

import pytest

from api._lib.clock import ManualClock
from api._lib.context import Context, open_resources
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.notifications.service import Sender
from api._lib.push import topic
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.notifications.ann import TONIGHT, Ann, log_of, make_ann
from tests.notifications.seed import (
    PUSH_ENVIRON,
    set_preferences,
)


async def test_the_device_shows_the_reminder(db: Database, ann: Ann, sender: Sender) -> None:
    assert await sender.run(5) == {"sent": 1}
    (message,) = ann.received()
    job = await ann.job()
    assert message["payload"] == job["payload"]
    assert message["payload"]["body"] == (
        "Je activiteit van vandaag (maandag 23 februari) staat klaar."
    )
    assert message["urgency"] == "normal"
    assert message["ttl"] == 6 * 3600
    assert message["topic"] == topic(job["dedupe_key"])
    assert (job["status"], job["last_error"], job["attempt_count"]) == ("sent", None, 1)
    assert job["processed_at"] == TONIGHT
    assert (job["lease_token"], job["lease_until"]) == (None, None)


async def test_F22_success_is_logged_with_its_status(
    db: Database, ann: Ann, sender: Sender
) -> None:
    await sender.run(5)
    assert await log_of(db) == [(True, 201, None)]
    device = await ann.subscription()
    assert (device["last_success_at"], device["last_error"]) == (TONIGHT, None)


async def test_nothing_is_sent_before_its_time_or_twice(
    db: Database, ann: Ann, sender: Sender, clock: ManualClock
) -> None:
    clock.moment = TONIGHT - timedelta(seconds=1)
    assert await sender.run(5) == {}
    clock.moment = TONIGHT
    assert await sender.run(5) == {"sent": 1}
    clock.moment += timedelta(minutes=1)
    assert await sender.run(5) == {}
    assert len(ann.received()) == 1


async def test_all_devices_get_it(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = await make_ann(ctx, db, push_service, clock, devices=3)
    assert await sender.run(5) == {"sent": 1}
    assert [len(ann.received(n)) for n in range(3)] == [1, 1, 1]
    assert len(await log_of(db)) == 3


async def test_F13_one_broken_reminder_does_not_stop_the_others(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    people = [await make_ann(ctx, db, push_service, clock) for _ in range(3)]
    await set_preferences(db, people[0].id, timezone="Mars/Olympus")
    await db.execute(
        "UPDATE notification_jobs SET payload = '[1]' WHERE user_id = $1", people[1].id
    )
    assert await sender.run(5) == {"sent": 2, "pending": 1}
    assert [len(person.received()) for person in people] == [1, 0, 1]
    assert (await people[1].job())["last_error"] == "cannot be handled"


async def test_nothing_is_claimed_without_keys(
    environ: dict[str, str], db: Database, ann: Ann, clock: ManualClock
) -> None:
    async with open_resources(load_settings(environ, Role.APP), clock=clock) as opened:
        assert await Sender(opened, asyncio.Event()).run(5) == {}
    assert (await ann.job())["status"] == "pending"


async def test_an_absent_database_is_told_as_such(
    environ: dict[str, str], clock: ManualClock
) -> None:
    nowhere = {**environ, **PUSH_ENVIRON, "DATABASE_URL": "postgresql://mfa@127.0.0.1:9/mfa"}
    async with open_resources(load_settings(nowhere, Role.APP), clock=clock) as opened:
        with pytest.raises(DatabaseUnavailableError):
            await Sender(opened, asyncio.Event()).run(5)
