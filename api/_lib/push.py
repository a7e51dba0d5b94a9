"""Web Push: one encrypted, signed message to one device."""

import base64
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from email.utils import parseaddr
from typing import TYPE_CHECKING

from msgspec import Struct

from api._lib import metrics
from api._lib.push_endpoints import EndpointRefused, EndpointRules
from api._lib.push_keys import KeysRefused, VapidKeys
from api._lib.push_results import Outcome, PushResult
from api._lib.settings import Settings

if TYPE_CHECKING:
    from api._lib.push_connection import PushConnection

logger = logging.getLogger(__name__)

MAX_PAYLOAD = 3993  # A body of 4096 bytes, less the header of the encryption and its tag.
SHORTEST_TTL, LONGEST_TTL = 60, 43_200


Hold = Callable[[], Awaitable[None]]
"""Returns when a push may go out."""


class PushSubscription(Struct, frozen=True):
    """A device, as its browser described it."""

    endpoint: str
    p256dh: str
    auth: str


class PushMessage(Struct, frozen=True):
    """What is sent; `ttl` in seconds, `topic` at most 32 base64url characters."""

    payload: bytes
    ttl: int = SHORTEST_TTL
    topic: str | None = None
    urgency: str = "normal"


class Prepared(Struct, frozen=True):
    """A message encrypted for its device, and the headers that go with it."""

    endpoint: str
    body: bytes
    headers: dict[str, str]


def topic(identity: str) -> str:
    """The topic by which a push service replaces an undelivered message of the same identity."""
    digest = hashlib.sha256(identity.encode()).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


class PushSender:
    """Sends pushes over connections that stay open; not configured without a valid key pair."""

    def __init__(
        self,
        settings: Settings,
        *,
        time_limit: float = 10.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.endpoints = EndpointRules(settings.web_push_allowed_hosts)
        self._vapid = _vapid(settings, now)
        self._connection = (
            _connection(self.endpoints, time_limit, now) if self._vapid is not None else None
        )

    @property
    def configured(self) -> bool:
        """Whether there is a valid key pair to sign with."""
        return self._vapid is not None

    @property
    def public_key(self) -> str | None:
        """The key browsers subscribe with."""
        return self._vapid.public_key if self._vapid else None

    async def send(self, subscription: PushSubscription, message: PushMessage) -> PushResult:
        """Send one message; never raises."""
        prepared = self.prepare(subscription, message)
        return prepared if isinstance(prepared, PushResult) else await self.post(prepared)

    def prepare(
        self, subscription: PushSubscription, message: PushMessage
    ) -> Prepared | PushResult:
        """Encrypt and sign one message, so that only the request is left; or why it cannot go."""
        prepared = self._prepare(subscription, message)
        if isinstance(prepared, PushResult):
            metrics.pushes.labels(prepared.outcome.value).inc()
        return prepared

    async def post(self, prepared: Prepared, hold: Hold | None = None) -> PushResult:
        """Send what was prepared, once connected and `hold` has returned; never raises."""
        result = await self._post(prepared, hold)
        metrics.pushes.labels(result.outcome.value).inc()
        return result

    async def close(self) -> None:
        """Close the connections."""
        if self._connection is not None:
            await self._connection.close()

    def _prepare(
        self, subscription: PushSubscription, message: PushMessage
    ) -> Prepared | PushResult:
        if self._vapid is None or self._connection is None:
            return PushResult(Outcome.NOT_CONFIGURED)
        if len(message.payload) > MAX_PAYLOAD:
            return PushResult(Outcome.TOO_LARGE)
        try:
            self.endpoints.check(subscription.endpoint)
            body = self._connection.encrypt(
                subscription.endpoint, subscription.p256dh, subscription.auth, message.payload
            )
        except EndpointRefused:
            return PushResult(Outcome.FORBIDDEN)
        except KeysRefused:
            return PushResult(Outcome.BAD_KEYS)
        headers = _headers(message) | {
            "Authorization": self._vapid.authorization(subscription.endpoint)
        }
        return Prepared(subscription.endpoint, body, headers)

    async def _post(self, prepared: Prepared, hold: Hold | None) -> PushResult:
        if self._connection is None:
            return PushResult(Outcome.NOT_CONFIGURED)
        return await self._connection.post(prepared.endpoint, prepared.body, prepared.headers, hold)


def _connection(
    rules: EndpointRules, time_limit: float, now: Callable[[], float]
) -> "PushConnection":
    # The libraries take a third of the time of a start; without keys nobody needs them.
    from api._lib.push_connection import PushConnection

    return PushConnection(rules, time_limit, now)


def _headers(message: PushMessage) -> dict[str, str]:
    headers = {
        "TTL": str(min(max(message.ttl, SHORTEST_TTL), LONGEST_TTL)),
        "Urgency": message.urgency,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }
    return headers | ({"Topic": message.topic} if message.topic else {})


def _vapid(settings: Settings, now: Callable[[], float]) -> VapidKeys | None:
    public, private = settings.web_push_vapid_public_key, settings.web_push_vapid_private_key
    if not public or not private:
        return None
    try:
        return VapidKeys(public, private, subject_of(settings), now)
    except KeysRefused as error:
        logger.error("web push is off: its keys cannot be used", extra={"reason": str(error)})
        return None


def subject_of(settings: Settings) -> str:
    """Where push services can reach the operator: the set one, else the sender of the mails."""
    if settings.web_push_subject:
        return settings.web_push_subject
    address = parseaddr(settings.smtp_from or "")[1]
    return f"mailto:{address}" if address else settings.app_url
