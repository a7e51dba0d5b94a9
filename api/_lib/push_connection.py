"""The way to push services by the libraries for it, whose import takes long."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import aiohttp
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_exceptions import ClientConnectorDNSError
from http_ece import ECEException
from pywebpush import WebPusher, WebPushException
from yarl import URL

from api._lib.push_endpoints import AddressRefused, EndpointRules, may_be_public
from api._lib.push_keys import KeysRefused, device_keys
from api._lib.push_results import Outcome, PushResult, outcome_of, seconds_to_wait

CONNECTIONS, CONNECTIONS_PER_HOST = 128, 64


class PushConnection:
    """Connections that stay open between messages."""

    def __init__(self, rules: EndpointRules, time_limit: float, now: Callable[[], float]) -> None:
        self._rules = rules
        self._limit = aiohttp.ClientTimeout(total=time_limit)
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    @staticmethod
    def encrypt(endpoint: str, p256dh: str, auth: str, payload: bytes) -> bytes:
        """The body of a push, readable by that device only; raises KeysRefused."""
        device_keys(p256dh, auth)
        try:
            pusher = WebPusher({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}})
            return cast(bytes, pusher.encode(payload)["body"])
        except (ValueError, WebPushException, ECEException):
            raise KeysRefused("not a point of the curve") from None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def post(
        self,
        endpoint: str,
        body: bytes,
        headers: dict[str, str],
        hold: Callable[[], Awaitable[None]] | None = None,
    ) -> PushResult:
        """Send what was encrypted, once connected and `hold` has returned; never raises."""
        try:
            async with self._connected().post(
                URL(endpoint, encoded=True),
                data=_held(body, hold) if hold else body,
                headers=headers | {"Content-Length": str(len(body))},
                allow_redirects=False,
            ) as response:
                # Read so that the connection can be used again; what it says is of no use to us.
                await response.content.read(4096)
                return self._result(response)
        except ClientConnectorDNSError as error:
            refused = isinstance(error.os_error, AddressRefused)
            return PushResult(Outcome.FORBIDDEN if refused else Outcome.TRANSIENT)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return PushResult(Outcome.TRANSIENT)

    def _result(self, response: aiohttp.ClientResponse) -> PushResult:
        outcome = outcome_of(response.status)
        wait = None
        if outcome in (Outcome.THROTTLED, Outcome.TRANSIENT):
            wait = seconds_to_wait(response.headers.get("Retry-After"), self._now())
        return PushResult(outcome, response.status, wait)

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=CONNECTIONS,
                    limit_per_host=CONNECTIONS_PER_HOST,
                    ttl_dns_cache=300,
                    resolver=_resolver(self._rules),
                ),
                timeout=self._limit,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept-Encoding"),
            )
        return self._session


async def _held(body: bytes, hold: Callable[[], Awaitable[None]]) -> AsyncIterator[bytes]:
    await hold()
    yield body


class PublicResolver(AbstractResolver):
    """Resolves a name unless any of its addresses lies in a private network."""

    def __init__(self) -> None:
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host; raises AddressRefused."""
        found = await self._names.resolve(host, port, family)
        if not all(may_be_public(entry["host"]) for entry in found):
            raise AddressRefused("the name leads into a private network")
        return found

    async def close(self) -> None:
        """Nothing is held open."""


def _resolver(rules: EndpointRules) -> AbstractResolver:
    """Name look-up for the connections themselves, so that no name changes in between."""
    return ThreadedResolver() if rules.anything else PublicResolver()
