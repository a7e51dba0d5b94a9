"""What failures of push services mean for reminders and devices."""

import asyncio
from datetime import time, timedelta
from typing import Any

import pytest
from msgspec import structs

from api._lib.clock import ManualClock
from api._lib.context import Context, open_resources
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.rules.devices import (
    PERMANENT_FAILURES,
    PERMANENT_PERIOD,
    DeviceNews,
)
from api._lib.notifications.service import Sender
from api._lib.notifications.store import subscriptions
from api._lib.push import PushSender
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.notifications.ann import TONIGHT, Ann, log_of, make_ann, revive
from tests.notifications.cases import moment
from tests.notifications.seed import (
    PUBLIC,
    PUSH_ENVIRON,
    add_goal,
    set_preferences,
    states,
)


async def test_F16_a_device_with_a_passing_error_gets_it_later_and_the_other_not_again(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = await make_ann(ctx, db, push_service, clock, devices=2)
    push_service.behave(ann.devices[1], status=503, times=1)
    assert await sender.run(5) == {"pending": 1}
    job = await ann.job()
    assert (job["attempt_count"], job["last_error"]) == (1, "503:push service answered 503")
    wait = job["next_attempt_at"] - TONIGHT
    assert timedelta(seconds=4) <= wait <= timedelta(seconds=6)
    assert await sender.run(5) == {}
    clock.moment = job["next_attempt_at"]
    assert await sender.run(5) == {"sent": 1}
    assert [len(ann.received(n)) for n in range(2)] == [1, 1]
    assert (await ann.job())["last_error"] is None


async def test_F16_a_device_that_stays_away_keeps_nothing_open_past_the_end(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = await make_ann(ctx, db, push_service, clock, devices=2)
    await set_preferences(db, ann.id, quiet_hours_start=time(0), quiet_hours_end=time(0))
    push_service.behave(ann.devices[1], status=503)
    await sender.run(5)
    clock.moment = moment("2026-02-23T23:00:01")
    assert await sender.run(5) == {"sent": 1}
    assert len(ann.received(1)) == 0


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_expires(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn, status: int
) -> None:
    push_service.behave(status=status)
    assert await sender.run(5) == {"dead_letter": 1}
    device = await ann.subscription()
    assert (device["status"], device["last_error"]) == (
        "expired",
        f"push service answered {status}",
    )
    assert await log_of(db) == [(False, status, f"push service answered {status}")]


async def test_the_last_device_gone_cancels_what_waits(
    ctx: Context, db: Database, ann: Ann, sender: Sender, push_service: PushStandIn
) -> None:
    await add_goal(db, ann.id, ["Dinsdag"])
    await notifications.plan_users(ctx, [ann.id])
    push_service.unsubscribe(ann.devices[0])
    await sender.run(5)
    assert (await notifications.plan_dirty_users(ctx)).users == 1
    assert {state for _, _, state in await states(db, ann.id)} == {"dead_letter", "cancelled"}


async def test_gone_and_failing_leave_the_failing_one_to_try(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = await make_ann(ctx, db, push_service, clock, devices=2)
    push_service.unsubscribe(ann.devices[0])
    push_service.behave(ann.devices[1], status=500, times=1)
    assert await sender.run(5) == {"pending": 1}
    assert (await ann.subscription(0))["status"] == "expired"
    clock.moment += timedelta(seconds=10)
    assert await sender.run(5) == {"sent": 1}
    attempts = [one["device"] for one in push_service.attempts]
    assert attempts.count(ann.devices[0].rpartition("/")[2]) == 1


async def test_429_with_retry_after_is_honoured(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn, clock: ManualClock
) -> None:
    push_service.behave(status=429, retry_after="600", times=1)
    assert await sender.run(5) == {"pending": 1}
    assert (await ann.job())["next_attempt_at"] == TONIGHT + timedelta(seconds=600)
    clock.moment = TONIGHT + timedelta(seconds=599)
    assert await sender.run(5) == {}
    clock.moment = TONIGHT + timedelta(seconds=600)
    assert await sender.run(5) == {"sent": 1}


async def test_retry_after_never_leads_past_the_end(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn
) -> None:
    push_service.behave(status=503, retry_after="86000")
    await sender.run(5)
    job = await ann.job()
    assert job["next_attempt_at"] == job["expires_at"]


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 408}, {"way": "disconnect"}])
async def test_six_passing_failures_are_the_end(
    db: Database,
    ann: Ann,
    sender: Sender,
    push_service: PushStandIn,
    clock: ManualClock,
    how: dict[str, Any],
) -> None:
    push_service.behave(**how)
    waits = []
    for _ in range(6):
        await sender.run(5)
        job = await ann.job()
        waits.append((job["next_attempt_at"] - clock.moment).total_seconds())
        clock.moment = max(job["next_attempt_at"], clock.moment)
    assert (job["status"], job["attempt_count"]) == ("dead_letter", 6)
    for wait, base in zip(waits[:5], (5, 20, 45, 80, 125), strict=True):
        assert base * 0.8 <= wait <= base * 1.2
    assert (await ann.subscription())["status"] == "active"
    assert len(await log_of(db)) == 6


async def test_a_push_service_that_hangs_is_a_passing_failure(
    environ: dict[str, str], db: Database, ann: Ann, push_service: PushStandIn, clock: ManualClock
) -> None:
    """F16: with the limit of ten seconds, shortened here."""
    push_service.behave(way="hang", times=1)
    settings = load_settings(environ | PUSH_ENVIRON, Role.APP)
    async with open_resources(settings, clock=clock) as opened:
        hurried = structs.replace(opened, push=PushSender(settings, time_limit=0.2))
        assert await Sender(hurried, asyncio.Event()).run(5) == {"pending": 1}
        await hurried.push.close()
    assert (await ann.job())["last_error"] == "-:network error"


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_F17_a_refusal_ends_the_message_at_once_but_not_the_subscription(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn, status: int
) -> None:
    push_service.behave(status=status)
    assert await sender.run(5) == {"dead_letter": 1}
    device = await ann.subscription()
    assert (device["status"], device["failure_count"]) == ("active", 1)
    assert device["first_failure_at"] == TONIGHT


@pytest.mark.parametrize(
    ("count", "hours", "status"),
    [(4, 24, "active"), (5, 23, "active"), (5, 24, "expired"), (9, 24, "expired")],
)
async def test_F17_F20_five_refusals_over_a_day_end_a_subscription(
    db: Database,
    ann: Ann,
    sender: Sender,
    push_service: PushStandIn,
    clock: ManualClock,
    count: int,
    hours: int,
    status: str,
) -> None:
    push_service.behave(status=403)
    for number in range(count):
        clock.moment = TONIGHT + timedelta(hours=hours) * number / (count - 1)
        await set_preferences(db, ann.id, quiet_hours_start=time(0), quiet_hours_end=time(0))
        await revive(db)
        await sender.run(5)
    device = await ann.subscription()
    assert (device["status"], device["failure_count"]) == (status, count)


async def test_F17_a_success_forgives_refusals(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn
) -> None:
    push_service.behave(status=403, times=1)
    await sender.run(5)
    await revive(db)
    assert await sender.run(5) == {"sent": 1}
    device = await ann.subscription()
    assert (device["failure_count"], device["first_failure_at"]) == (0, None)


async def test_F17_a_device_that_takes_one_of_several_messages_stays(
    db: Database, ann: Ann
) -> None:
    await db.execute(
        "UPDATE push_subscriptions SET failure_count = 9, first_failure_at = $1",
        TONIGHT - timedelta(days=2),
    )
    device = (await ann.subscription())["id"]
    both = [DeviceNews(device, worked=True, refusals=1)]
    async with db.transaction() as tx:
        lost = await subscriptions.note(tx, both, TONIGHT, PERMANENT_FAILURES, PERMANENT_PERIOD)
    assert (lost, (await ann.subscription())["status"]) == ([], "active")


async def test_413_ends_the_message_and_leaves_the_subscription(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn
) -> None:
    push_service.behave(status=413)
    assert await sender.run(5) == {"dead_letter": 1}
    device = await ann.subscription()
    assert (device["status"], device["failure_count"], device["last_error"]) == ("active", 0, None)


@pytest.mark.parametrize(
    ("column", "value"), [("p256dh", "nonsense"), ("auth", "AAAA"), ("p256dh", "B" + "A" * 86)]
)
async def test_F17_broken_keys_expire_and_are_never_tried(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn, column: str, value: str
) -> None:
    await db.execute(f"UPDATE push_subscriptions SET {column} = $1", value)
    assert await sender.run(5) == {"dead_letter": 1}
    assert (await ann.subscription())["status"] == "expired"
    assert await log_of(db) == [(False, None, "bad keys")]
    assert not push_service.attempts


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_F4_redirects_are_not_followed(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn, status: int
) -> None:
    other = push_service.subscribe(PUBLIC)["endpoint"]
    push_service.behave(ann.devices[0], status=status, location=other)
    assert await sender.run(5) == {"dead_letter": 1}
    assert [one["status"] for one in push_service.attempts] == [status]


INTERNAL = [
    "http://127.0.0.1:{port}/push/x",
    "https://127.0.0.1/push/x",
    "https://10.0.0.1/push/x",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/push/x",
    "https://localhost/push/x",
    "https://mfa_postgres:5432/",
    "https://push.example.org/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://fcm.googleapis.com:8443/x",
    "http://fcm.googleapis.com/x",
    "https://user@fcm.googleapis.com/x",
]


@pytest.mark.parametrize("endpoint", INTERNAL)
async def test_F4_addresses_that_are_no_push_service_get_nothing_even_when_stored(
    environ: dict[str, str],
    db: Database,
    ann: Ann,
    push_service: PushStandIn,
    clock: ManualClock,
    endpoint: str,
) -> None:
    port = push_service.url.rpartition(":")[2]
    await db.execute("UPDATE push_subscriptions SET endpoint = $1", endpoint.format(port=port))
    strict = {**environ, **PUSH_ENVIRON, "WEB_PUSH_ALLOWED_HOSTS": ""}
    async with open_resources(load_settings(strict, Role.APP), clock=clock) as opened:
        assert await Sender(opened, asyncio.Event()).run(5) == {"dead_letter": 1}
    assert not push_service.attempts
    assert await log_of(db) == [(False, None, "forbidden")]
