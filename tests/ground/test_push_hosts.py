"""Pushes go to push services and nowhere else."""

import pytest

from api._lib.push import PushSender, PushSubscription
from api._lib.push_results import Outcome, PushResult
from tasks.dev.push import PushStandIn
from tests.ground.pushing import AUTH, HELLO, P256DH, configured, sender, service, subscribed

__all__ = ["sender", "service"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    service: PushStandIn, sender: PushSender, status: int
) -> None:
    async with PushStandIn() as inside:
        target = subscribed(inside)
        service.behave(status=status, location=target.endpoint)
        result = await sender.send(subscribed(service), HELLO)
        assert not inside.attempts
    assert result == PushResult(Outcome.REJECTED, status)


async def test_F4_unknown_hosts_are_refused_when_sending(service: PushStandIn) -> None:
    sender = PushSender(configured(hosts="push.example.test"))
    result = await sender.send(subscribed(service), HELLO)
    assert result == PushResult(Outcome.FORBIDDEN)
    assert not service.attempts
    await sender.close()


async def test_F4_a_name_that_leads_inside_is_refused_when_sending() -> None:
    sender = PushSender(configured(hosts="localhost"))
    target = PushSubscription("https://localhost/push/x", P256DH, AUTH)
    assert await sender.send(target, HELLO) == PushResult(Outcome.FORBIDDEN)
    await sender.close()


async def test_a_name_nobody_knows_is_transient() -> None:
    sender = PushSender(configured(hosts="*.invalid"), time_limit=2)
    target = PushSubscription("https://push.invalid/x", P256DH, AUTH)
    assert await sender.send(target, HELLO) == PushResult(Outcome.TRANSIENT)
    await sender.close()
