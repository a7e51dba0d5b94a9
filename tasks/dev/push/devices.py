"""Devices: a subscription with the private keys that in real life stay in the browser."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import http_ece
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Unreadable(Exception):
    """The body was not encrypted for this device."""


@dataclass(frozen=True)
class Device:
    """A browser's subscription, perhaps bound to the key of one server."""

    server_key: str | None = None
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    private_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1()), repr=False
    )
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def description(self, url: str) -> dict[str, Any]:
        """What the browser hands to the web application."""
        point = self.private_key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        return {
            "endpoint": f"{url}/push/{self.id}",
            "expirationTime": None,
            "keys": {"p256dh": _text(point), "auth": _text(self.secret)},
        }

    def read(self, body: bytes) -> str:
        """Decrypt a message; raises Unreadable."""
        try:
            plain: bytes = http_ece.decrypt(
                body, private_key=self.private_key, auth_secret=self.secret, version="aes128gcm"
            )
            return plain.decode()
        except (http_ece.ECEException, InvalidTag, ValueError, IndexError):
            raise Unreadable from None


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
