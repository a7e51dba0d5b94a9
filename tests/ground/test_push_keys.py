"""The keys of Web Push: those of devices, and our own pair."""

from base64 import b64encode, urlsafe_b64decode

import pytest

from api._lib.push import PushSender, PushSubscription
from api._lib.push_connection import PushConnection
from api._lib.push_keys import KeysRefused, check_device_keys
from api._lib.push_results import Outcome, PushResult
from api._lib.settings import Settings
from tasks.dev.push import PushStandIn
from tests.ground.pushing import (
    AUTH,
    HELLO,
    OTHER_PUBLIC,
    P256DH,
    PRIVATE,
    PUBLIC,
    configured,
    sender,
    service,
    subscribed,
    text,
)

__all__ = ["sender", "service"]


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
