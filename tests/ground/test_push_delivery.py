"""Web Push against the local push service, which verifies, decrypts and refuses like a real one."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.push import (
    MAX_PAYLOAD,
    Prepared,
    PushMessage,
    PushSender,
    PushSubscription,
    topic,
)
from api._lib.push_results import Outcome, PushResult
from tasks.dev.push import PushStandIn
from tests.ground.pushing import HELLO, SUBJECT, TEXT, configured, sender, service, subscribed, text

__all__ = ["sender", "service"]


async def test_the_device_reads_the_very_text(service: PushStandIn, sender: PushSender) -> None:
    result = await sender.send(subscribed(service), HELLO)
    assert result == PushResult(Outcome.OK, 201)
    message = service.messages[0]
    assert message["text"] == TEXT
    assert message["payload"]["title"] == "Tijd voor je activiteit"
    assert (message["ttl"], message["urgency"], message["topic"]) == (3600, "normal", HELLO.topic)
    assert message["subject"] == SUBJECT


async def test_the_largest_payload_arrives(service: PushStandIn, sender: PushSender) -> None:
    largest = PushMessage(b"x" * MAX_PAYLOAD)
    assert (await sender.send(subscribed(service), largest)).outcome is Outcome.OK
    assert len(service.messages[0]["text"]) == MAX_PAYLOAD


async def test_a_larger_payload_is_not_sent(service: PushStandIn, sender: PushSender) -> None:
    too_large = PushMessage(b"x" * (MAX_PAYLOAD + 1))
    result = await sender.send(subscribed(service), too_large)
    assert result == PushResult(Outcome.TOO_LARGE)
    assert not service.attempts


@pytest.mark.parametrize(("ttl", "sent"), [(-5, 60), (60, 60), (61, 61), (99_999, 43_200)])
async def test_time_to_live_stays_within_its_bounds(
    service: PushStandIn, sender: PushSender, ttl: int, sent: int
) -> None:
    await sender.send(subscribed(service), PushMessage(b"x", ttl=ttl))
    assert service.messages[0]["ttl"] == sent
    assert service.messages[0]["topic"] is None


async def test_a_service_that_does_not_answer_costs_the_time_limit(service: PushStandIn) -> None:
    sender = PushSender(configured(), time_limit=0.2)
    service.behave(way="hang")
    result = await sender.send(subscribed(service), HELLO)
    assert result == PushResult(Outcome.TRANSIENT)
    assert result.text == "network error"
    await sender.close()


def test_the_time_limit_is_ten_seconds() -> None:
    connection = PushSender(configured())._connection
    assert connection is not None
    assert connection._limit.total == 10


async def test_a_cut_connection_is_transient(service: PushStandIn, sender: PushSender) -> None:
    service.behave(way="disconnect")
    assert await sender.send(subscribed(service), HELLO) == PushResult(Outcome.TRANSIENT)


async def test_a_service_that_is_away_is_transient(sender: PushSender) -> None:
    async with PushStandIn() as away:
        subscription = subscribed(away)
    assert await sender.send(subscription, HELLO) == PushResult(Outcome.TRANSIENT)


@given(st.text(max_size=200))
def test_a_topic_is_what_push_services_take(identity: str) -> None:
    assert len(topic(identity)) == 32
    assert set(topic(identity)) <= set(text(bytes(range(256)))) | {"-", "_"}
    assert topic(identity) == topic(identity) != topic(identity + "x")


def prepared(sender: PushSender, subscription: PushSubscription) -> Prepared:
    made = sender.prepare(subscription, HELLO)
    assert isinstance(made, Prepared)
    return made


async def test_a_held_push_goes_out_when_it_may(service: PushStandIn, sender: PushSender) -> None:
    held, may_go = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        held.set()
        await may_go.wait()

    posting = asyncio.create_task(sender.post(prepared(sender, subscribed(service)), hold))
    await held.wait()
    assert not service.arrived
    may_go.set()
    assert await posting == PushResult(Outcome.OK, 201)
    assert [message["text"] for message in service.messages] == [TEXT]


async def test_a_held_push_is_given_up_without_a_trace(
    service: PushStandIn, sender: PushSender
) -> None:
    held = asyncio.Event()

    async def hold() -> None:
        held.set()
        await asyncio.Event().wait()

    posting = asyncio.create_task(sender.post(prepared(sender, subscribed(service)), hold))
    await held.wait()
    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)
    assert (await sender.send(subscribed(service), HELLO)).ok
    assert len(service.messages) == service.arrived == 1


async def test_a_push_is_connected_before_it_is_held(sender: PushSender) -> None:
    async with PushStandIn() as away:
        subscription = subscribed(away)

    async def hold() -> None:
        raise AssertionError("there is no connection")

    result = await sender.post(prepared(sender, subscription), hold)
    assert result == PushResult(Outcome.TRANSIENT)


async def test_connections_are_kept(service: PushStandIn, sender: PushSender) -> None:
    device = subscribed(service)
    service.behave(device.endpoint, status=503, times=2)
    for _ in range(20):
        await sender.send(device, HELLO)
    assert len({attempt["connection"] for attempt in service.attempts}) == 1


async def test_many_devices_at_once_get_one_message_each(
    service: PushStandIn, sender: PushSender
) -> None:
    devices = [subscribed(service) for _ in range(200)]
    results = await asyncio.gather(*(sender.send(device, HELLO) for device in devices))
    assert {result.outcome for result in results} == {Outcome.OK}
    assert len({message["device"] for message in service.messages}) == 200
    assert len(service.messages) == 200


async def test_nothing_of_the_service_or_the_device_is_logged(
    service: PushStandIn, sender: PushSender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="api")
    service.behave(status=500)
    await sender.send(subscribed(service), HELLO)
    assert not [record for record in caplog.records if record.name.startswith("api.")]
