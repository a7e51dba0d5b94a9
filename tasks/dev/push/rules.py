"""The rules by which push services refuse a message (RFC 8030 and 8292)."""

import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

MAX_BODY = 4096
LONGEST_SIGNATURE = 24 * 3600
AUTHORIZATION = re.compile(r"vapid t=([\w.-]+), ?k=([\w-]+)")
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
URGENCIES = {"very-low", "low", "normal", "high"}


class Refused(Exception):
    """A message that is not taken; the text is the answer's body."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def check_message(headers: Mapping[str, str], body: bytes) -> None:
    """Raise Refused unless form and size are right."""
    if len(body) > MAX_BODY:
        raise Refused(413, "the body is larger than 4096 bytes")
    if not headers.get("TTL", "").isdecimal():
        raise Refused(400, "TTL is missing or no number")
    if headers.get("Content-Encoding") != "aes128gcm":
        raise Refused(400, "the encoding is not aes128gcm")
    if headers.get("Urgency", "normal") not in URGENCIES:
        raise Refused(400, "unknown urgency")
    if not TOPIC.fullmatch(headers.get("Topic", "x")):
        raise Refused(400, "the topic is not 1 to 32 characters of base64url")


class Signatures:
    """Verifies VAPID headers; one that was right is remembered until it expires."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}

    def verify(self, header: str | None, origin: str) -> tuple[str, dict[str, Any]]:
        """The server's key and its claims; raises Refused."""
        if not header:
            raise Refused(401, "not signed")
        known = self._known.get((header, origin))
        if known is None:
            known = self._known[header, origin] = _verified(header, origin)
        if not time.time() < known[1]["exp"] <= time.time() + LONGEST_SIGNATURE:
            raise Refused(403, "the signature is too old or lasts too long")
        return known


def _verified(header: str, origin: str) -> tuple[str, dict[str, Any]]:
    parts = AUTHORIZATION.fullmatch(header)
    if not parts:
        raise Refused(401, "no VAPID signature")
    token, key = parts.groups()
    try:
        point = urlsafe_b64decode(key + "=" * (-len(key) % 4))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        claims = jwt.decode(
            token,
            public,
            algorithms=["ES256"],
            audience=origin,
            options={"require": ["aud", "exp", "sub"]},
        )
    except (ValueError, jwt.InvalidTokenError) as error:
        raise Refused(403, f"the signature is wrong: {type(error).__name__}") from None
    if not str(claims["sub"]).startswith(("mailto:", "https://")):
        raise Refused(403, "the subject is no address")
    return key, claims
