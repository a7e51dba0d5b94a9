"""A message to one's own devices, to see whether they work."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, unavailable
from api._lib.limits import PUSH_TEST_USER, Use
from api._lib.messages import sentence
from api._lib.notifications.model import Device, Kind
from api._lib.notifications.rules.devices import (
    GONE,
    PERMANENT_FAILURES,
    PERMANENT_PERIOD,
    DeviceNews,
)
from api._lib.notifications.rules.wording import TARGET
from api._lib.notifications.service.marking import mark_for_planning
from api._lib.notifications.store import subscriptions
from api._lib.push import PushMessage, PushSubscription
from api._lib.push_results import PushResult
from api._lib.settings import Settings


class Tried(Struct, frozen=True):
    """How many devices took the message, and what went wrong with the others."""

    sent: int
    failed: int
    errors: Sequence[str]


def is_test_allowed(settings: Settings) -> bool:
    """Whether people may send themselves a test: always, but in production only on request."""
    return not settings.production or settings.push_notifications_test_mode


async def send_test(ctx: Context, user: User, title: str | None, body: str | None) -> Tried:
    """Send a message to all active devices of the user at once, whatever their preferences.

    Raises a 429, a 503 when pushes are not configured, and a 400 when there is no device.
    """
    await ctx.limits.take(Use(PUSH_TEST_USER, user.id))
    if not ctx.push.configured:
        raise unavailable("push_not_configured")
    devices = await subscriptions.active(ctx.db, user.id)
    if not devices:
        raise bad_request("push_no_subscription")
    message = PushMessage(msgspec.json.encode(_payload(ctx, user, title, body)))
    results = await asyncio.gather(*(_send(ctx, device, message) for device in devices))
    await _forget_gone(ctx, user, devices, results)
    errors = [result.text for result in results if not result.ok]
    return Tried(len(results) - len(errors), len(errors), errors)


def _payload(ctx: Context, user: User, title: str | None, body: str | None) -> Mapping[str, str]:
    return {
        "title": title or sentence("push_test_title", ctx.language),
        "body": body or sentence("push_test_body", ctx.language),
        "targetUrl": TARGET,
        "mode": Kind.SESSION.value,
        "reminderDate": ctx.today(user).isoformat(),
    }


async def _send(ctx: Context, device: Device, message: PushMessage) -> PushResult:
    target = PushSubscription(device.endpoint, device.p256dh, device.auth)
    return await ctx.push.send(target, message)


async def _forget_gone(
    ctx: Context, user: User, devices: Sequence[Device], results: Sequence[PushResult]
) -> None:
    gone = [
        DeviceNews(device.id, gone=True, error=result.text)
        for device, result in zip(devices, results, strict=True)
        if result.outcome in GONE
    ]

    async def block(tx: Transaction) -> None:
        await subscriptions.note(tx, gone, ctx.now, PERMANENT_FAILURES, PERMANENT_PERIOD)
        await mark_for_planning(tx, user.id, "device gone")

    if gone:
        await ctx.db.run(block)
