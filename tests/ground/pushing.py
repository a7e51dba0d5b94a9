"""A sender of pushes, a service to send to, and devices."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api._lib.push import PushMessage, PushSender, PushSubscription, topic
from api._lib.settings import Settings
from tasks.dev.push import PushStandIn

TEXT = '{"title":"Tijd voor je activiteit","body":"Je activiteit van vandaag staat klaar – één."}'
HELLO = PushMessage(TEXT.encode(), ttl=3600, topic=topic("session:1:user:2"))
SUBJECT = "mailto:no-reply@app.example.test"


def text(value: bytes) -> str:
    """Bytes as browsers and settings write them."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def key_pair(number: int) -> tuple[str, str]:
    """A public and a private key; the same number, the same keys."""
    key = ec.derive_private_key(number, ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return text(point), text(key.private_numbers().private_value.to_bytes(32))


PUBLIC, PRIVATE = key_pair(20_260_304)
OTHER_PUBLIC, OTHER_PRIVATE = key_pair(20_260_305)
P256DH, AUTH = key_pair(20_260_306)[0], text(b"sixteen bytes it")


def configured(public: str = PUBLIC, private: str = PRIVATE, hosts: str = "*") -> Settings:
    """Settings with which pushes go out."""
    return Settings(
        database_url="",
        web_push_vapid_public_key=public,
        web_push_vapid_private_key=private,
        web_push_subject=SUBJECT,
        web_push_allowed_hosts=(hosts,),
    )


@pytest.fixture
async def service() -> AsyncIterator[PushStandIn]:
    """A push service; what arrives there can be read."""
    async with PushStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def sender() -> AsyncIterator[PushSender]:
    """A sender that signs with PUBLIC."""
    opened = PushSender(configured())
    yield opened
    await opened.close()


def subscribed(service: PushStandIn, server_key: str | None = PUBLIC) -> PushSubscription:
    """A new device."""
    described = service.subscribe(server_key)
    return PushSubscription(described["endpoint"], **described["keys"])
