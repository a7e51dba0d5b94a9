"""The keys of Web Push: a device's, and the pair by which push services know us (VAPID)."""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
POINT_LENGTH, SECRET_LENGTH, PRIVATE_LENGTH = 65, 16, 32
LIFETIME = 12 * 3600
RENEWAL = 3600
MOST_ORIGINS = 256


class KeysRefused(ValueError):
    """A key cannot be used; the text says why, without quoting it."""


def check_device_keys(p256dh: str, auth: str) -> None:
    """Raise KeysRefused unless a message can be encrypted with these keys of a browser."""
    point, _ = device_keys(p256dh, auth)
    _public_key(point)


def device_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """The two keys as bytes of the right length, not yet proven to be a point of the curve."""
    point, secret = decoded(p256dh), decoded(auth)
    if len(point) != POINT_LENGTH or point[0] != 4:
        raise KeysRefused("p256dh is not an uncompressed point")
    if len(secret) != SECRET_LENGTH:
        raise KeysRefused("auth is not 16 bytes long")
    return point, secret


def decoded(text: str) -> bytes:
    """Bytes of base64 or base64url, with or without padding."""
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        value = urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except (ValueError, binascii.Error):
        raise KeysRefused("not base64url") from None
    if encoded(value) != plain:
        raise KeysRefused("not base64url")
    return value


def encoded(value: bytes) -> str:
    """Bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def new_pair() -> tuple[str, str]:
    """A fresh public and private key, as settings hold them."""
    key = ec.generate_private_key(CURVE)
    number = key.private_numbers().private_value
    return encoded(_point(key.public_key())), encoded(number.to_bytes(PRIVATE_LENGTH))


class VapidKeys:
    """Signs for each push service; raises KeysRefused at once when keys or subject are wrong."""

    def __init__(
        self, public: str, private: str, subject: str, now: Callable[[], float] = time.time
    ) -> None:
        self._private = _private_key(decoded(private))
        self.public_key = encoded(_point(self._private.public_key()))
        if self.public_key != encoded(decoded(public)):
            raise KeysRefused("the keys are no pair")
        if not subject.startswith(("mailto:", "https://")):
            raise KeysRefused("the subject is neither a mailto: nor an https: address")
        self._subject = subject
        self._now = now
        self._signed: dict[str, tuple[float, str]] = {}

    def authorization(self, endpoint: str) -> str:
        """The Authorization header for an endpoint; signed anew once an hour per push service."""
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc.lower()}".removesuffix(":443")
        now = self._now()
        signed = self._signed.get(origin)
        if signed is None or not 0 <= now - signed[0] < RENEWAL:
            if len(self._signed) >= MOST_ORIGINS:
                self._signed.clear()
            signed = self._signed[origin] = (now, self._sign(origin, now))
        return signed[1]

    def _sign(self, origin: str, now: float) -> str:
        claims = {"aud": origin, "exp": int(now) + LIFETIME, "sub": self._subject}
        token = jwt.encode(claims, self._private, algorithm="ES256")
        return f"vapid t={token}, k={self.public_key}"


def _private_key(value: bytes) -> ec.EllipticCurvePrivateKey:
    if len(value) != PRIVATE_LENGTH:
        raise KeysRefused("the private key is not 32 bytes long")
    try:
        return ec.derive_private_key(int.from_bytes(value), CURVE)
    except ValueError:
        raise KeysRefused("the private key is not one of the curve") from None


def _public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except ValueError:
        raise KeysRefused("not a point of the curve") from None


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
