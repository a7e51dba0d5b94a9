"""Web Push against the local push service, which verifies, decrypts and refuses like a real one."""

import asyncio
import logging
import time
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from api._lib import metrics
from api._lib.push import (
    MAX_PAYLOAD,
    Prepared,
    PushMessage,
    PushSender,
    PushSubscription,
    subject_of,
    topic,
)
from api._lib.push_connection import PushConnection
from api._lib.push_keys import KeysRefused, VapidKeys, check_device_keys
from api._lib.push_results import Outcome, PushResult, outcome_of, seconds_to_wait
from api._lib.settings import Settings
from tasks.dev.push import PushStandIn

TEXT = '{"title":"Tijd voor je activiteit","body":"Je activiteit van vandaag staat klaar – één."}'
HELLO = PushMessage(TEXT.encode(), ttl=3600, topic=topic("session:1:user:2"))
SUBJECT = "mailto:no-reply@app.example.test"


def text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def key_pair(number: int) -> tuple[str, str]:
    key = ec.derive_private_key(number, ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return text(point), text(key.private_numbers().private_value.to_bytes(32))


PUBLIC, PRIVATE = key_pair(20_260_304)
OTHER_PUBLIC, OTHER_PRIVATE = key_pair(20_260_305)
P256DH, AUTH = key_pair(20_260_306)[0], text(b"sixteen bytes it")


def configured(public: str = PUBLIC, private: str = PRIVATE, hosts: str = "*") -> Settings:
    return Settings(
        database_url="",
        web_push_vapid_public_key=public,
        web_push_vapid_private_key=private,
        web_push_subject=SUBJECT,
        web_push_allowed_hosts=(hosts,),
    )


@pytest.fixture
async def service() -> AsyncIterator[PushStandIn]:
    async with PushStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def sender() -> AsyncIterator[PushSender]:
    opened = PushSender(configured())
    yield opened
    await opened.close()


def subscribed(service: PushStandIn, server_key: str | None = PUBLIC) -> PushSubscription:
    described = service.subscribe(server_key)
    return PushSubscription(described["endpoint"], **described["keys"])


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


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.OK),
        (202, Outcome.OK),
        (204, Outcome.OK),
        (400, Outcome.REJECTED),
        (401, Outcome.REJECTED),
        (403, Outcome.REJECTED),
        (404, Outcome.GONE),
        (408, Outcome.TRANSIENT),
        (410, Outcome.GONE),
        (413, Outcome.TOO_LARGE),
        (418, Outcome.REJECTED),
        (429, Outcome.THROTTLED),
        (500, Outcome.TRANSIENT),
        (502, Outcome.TRANSIENT),
        (503, Outcome.TRANSIENT),
    ],
)
async def test_every_status_has_an_outcome(
    service: PushStandIn, sender: PushSender, status: int, outcome: Outcome
) -> None:
    service.behave(status=status)
    result = await sender.send(subscribed(service), HELLO)
    assert result == PushResult(outcome, status)
    assert result.text == f"push service answered {status}"
    assert result.retryable is (status in (408, 429) or status >= 500)
    assert len(service.attempts) == 1


@given(st.integers(100, 599))
def test_only_answers_that_may_change_are_retryable(status: int) -> None:
    retryable = PushResult(outcome_of(status), status).retryable
    assert retryable is (status in (408, 429) or status >= 500)


async def test_a_subscription_that_ended_or_never_was_is_gone(
    service: PushStandIn, sender: PushSender
) -> None:
    ended = subscribed(service)
    service.unsubscribe(ended.endpoint)
    assert await sender.send(ended, HELLO) == PushResult(Outcome.GONE, 410)
    unknown = PushSubscription(f"{service.url}/push/unknown", ended.p256dh, ended.auth)
    assert await sender.send(unknown, HELLO) == PushResult(Outcome.GONE, 404)


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_passed_on(
    service: PushStandIn, sender: PushSender, status: int
) -> None:
    service.behave(status=status, retry_after="17")
    result = await sender.send(subscribed(service), HELLO)
    assert (result.retryable, result.retry_after) == (True, 17)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        ("999999999", 86_400),
        ("-3", None),
        ("1.5", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:20:00 GMT", 200),
        ("Thu, 01 Jan 1970 00:20:00 -0000", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Feb 2026 00:00:00 GMT", None),
        ("9" * 400, 86_400),
    ],
)
def test_retry_after_in_all_its_forms(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, now=1000) == seconds


@given(st.text(max_size=40), st.floats(0, 4e9))
def test_retry_after_never_breaks_and_never_waits_longer_than_a_day(
    header: str, now: float
) -> None:
    wait = seconds_to_wait(header, now)
    assert wait is None or 0 <= wait <= 86_400


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


async def test_a_device_of_a_former_key_pair_is_rejected(
    service: PushStandIn, sender: PushSender
) -> None:
    former = subscribed(service, server_key=OTHER_PUBLIC)
    assert await sender.send(former, HELLO) == PushResult(Outcome.REJECTED, 403)


BAD_KEYS = [
    ("", AUTH),
    (P256DH, ""),
    (P256DH[:-4], AUTH),
    (P256DH, AUTH + "AAAA"),
    (text(b"\x04" + b"\x01" * 64), AUTH),
    (text(b"\x02" + urlsafe_b64decode(P256DH + "=")[1:]), AUTH),
    ("é" * 87, AUTH),
    (P256DH[:40] + "\n" + P256DH[40:], AUTH),
    (P256DH, "not base64 at all!!"),
]


@pytest.mark.parametrize(("p256dh", "auth"), BAD_KEYS)
async def test_F17_broken_keys_are_told_apart_from_network_errors(
    service: PushStandIn, sender: PushSender, p256dh: str, auth: str
) -> None:
    with pytest.raises(KeysRefused):
        check_device_keys(p256dh, auth)
    broken = PushSubscription(subscribed(service).endpoint, p256dh, auth)
    result = await sender.send(broken, HELLO)
    assert result == PushResult(Outcome.BAD_KEYS)
    assert (result.retryable, result.text) == (False, "bad keys")
    assert not service.attempts


def test_keys_are_taken_in_every_spelling_of_base64() -> None:
    raw = urlsafe_b64decode(P256DH + "=")
    for p256dh in (P256DH, P256DH + "=", b64encode(raw).decode()):
        for auth in (AUTH, AUTH + "=="):
            check_device_keys(p256dh, auth)
            assert PushConnection.encrypt("https://x.test", p256dh, auth, b"x")


@pytest.mark.parametrize(
    ("public", "private"),
    [
        (OTHER_PUBLIC, PRIVATE),
        (PUBLIC[:-3], PRIVATE),
        (PUBLIC, PRIVATE[:-3]),
        (PUBLIC, "no key"),
        (PUBLIC, text(b"\0" * 32)),
        (PUBLIC, text(b"\xff" * 32)),
    ],
)
async def test_keys_that_cannot_be_used_switch_push_off_with_one_error(
    service: PushStandIn, caplog: pytest.LogCaptureFixture, public: str, private: str
) -> None:
    sender = PushSender(configured(public, private))
    assert (sender.configured, sender.public_key) == (False, None)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert private not in str(vars(caplog.records[0]))
    result = await sender.send(subscribed(service), HELLO)
    assert result == PushResult(Outcome.NOT_CONFIGURED)


def test_without_keys_push_is_off_and_silent(caplog: pytest.LogCaptureFixture) -> None:
    sender = PushSender(Settings(database_url="", web_push_vapid_public_key=PUBLIC))
    assert (sender.configured, sender.public_key) == (False, None)
    assert not caplog.records


def test_the_public_key_is_the_one_browsers_subscribe_with() -> None:
    assert PushSender(configured(PUBLIC + "=")).public_key == PUBLIC


@pytest.mark.parametrize("subject", ["", "no-reply@app.example.test", "http://app.example.test"])
def test_a_subject_that_is_no_address_is_refused(subject: str) -> None:
    with pytest.raises(KeysRefused, match="subject"):
        VapidKeys(PUBLIC, PRIVATE, subject)


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ({"web_push_subject": "https://a.test"}, "https://a.test"),
        ({"smtp_from": "a@b.test", "app_url": "https://c.test"}, "mailto:a@b.test"),
        ({"smtp_from": "Mentale Fitheid <a@b.test>"}, "mailto:a@b.test"),
        ({"app_url": "https://c.test"}, "https://c.test"),
    ],
)
def test_the_subject_comes_from_the_settings(given: dict[str, str], subject: str) -> None:
    assert subject_of(Settings(database_url="", **given)) == subject  # type: ignore[arg-type]  # all are strings


def claims(header: str, audience: str) -> dict[str, Any]:
    token = header.split("t=")[1].split(",")[0]
    assert header.endswith(f", k={PUBLIC}")
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), urlsafe_b64decode(PUBLIC + "=")
    )
    found: dict[str, Any] = jwt.decode(token, key, algorithms=["ES256"], audience=audience)
    return found


def test_a_signature_is_made_once_an_hour_for_each_service() -> None:
    moment = start = time.time()
    keys = VapidKeys(PUBLIC, PRIVATE, SUBJECT, now=lambda: moment)
    first = keys.authorization("https://fcm.googleapis.com/fcm/send/a")
    assert keys.authorization("https://FCM.googleapis.com:443/fcm/send/b") == first
    other = keys.authorization("https://web.push.apple.com/c")
    assert claims(first, "https://fcm.googleapis.com")["sub"] == SUBJECT
    assert claims(other, "https://web.push.apple.com")["exp"] == int(start) + 12 * 3600
    moment = start + 3599
    assert keys.authorization("https://fcm.googleapis.com/d") == first
    moment = start + 3600
    renewed = keys.authorization("https://fcm.googleapis.com/d")
    assert claims(renewed, "https://fcm.googleapis.com")["exp"] == int(moment) + 12 * 3600


def test_signatures_do_not_pile_up() -> None:
    keys = VapidKeys(PUBLIC, PRIVATE, SUBJECT)
    for number in range(300):
        keys.authorization(f"https://n{number}.notify.windows.com/w")
    assert len(keys._signed) <= 256


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


async def test_results_are_counted(service: PushStandIn, sender: PushSender) -> None:
    def count() -> float:
        return metrics.REGISTRY.get_sample_value("pushes_total", {"outcome": "gone"}) or 0

    before = count()
    service.behave(status=410)
    await sender.send(subscribed(service), HELLO)
    assert count() == before + 1


async def test_nothing_of_the_service_or_the_device_is_logged(
    service: PushStandIn, sender: PushSender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="api")
    service.behave(status=500)
    await sender.send(subscribed(service), HELLO)
    assert not [record for record in caplog.records if record.name.startswith("api.")]


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
