"""Redis as a cache and for counters; when it is away, reads miss and writes do nothing."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Coroutine
from typing import TypeVar, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RefusedError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as SilentError

from api._lib.logs import server_facts

T = TypeVar("T")
log = logging.getLogger(__name__)
AWAY = (RedisError, OSError, TimeoutError)
SILENT = (SilentError, TimeoutError)
REST_SECONDS = 5.0
"""So long a Redis that did not answer is left alone; then one operation tries, not all of them."""


class Cache:
    """The Redis of this process; it connects anew for ever, so an outage ends by itself."""

    def __init__(
        self,
        client: Redis | None,
        server: dict[str, str] | None = None,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self.client = client
        self._server = server or {}
        self._rest_seconds = rest_seconds
        self._rests_until: float | None = None
        self.reachable = client is not None

    @classmethod
    def connect(cls, url: str | None) -> "Cache":
        """A cache on `url`; without one everything misses."""
        if url is None:
            return cls(None)
        client = Redis.from_url(
            url,
            socket_timeout=2,
            socket_connect_timeout=1,
            retry=Retry(NoBackoff(), 1, supported_errors=(RefusedError,)),
            health_check_interval=30,
        )
        return cls(client, server_facts(url))

    async def close(self) -> None:
        """Close all connections."""
        if self.client is not None:
            await self.client.aclose()

    async def ping(self) -> bool:
        """Whether Redis answers now."""
        if self.client is None:
            return False
        return await self.attempt(self.client.ping(), False)

    async def get(self, key: str) -> bytes | None:
        """The stored bytes, or nothing."""
        if self.client is None:
            return None
        return await self.attempt(cast(Awaitable[bytes | None], self.client.get(key)), None)

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Store bytes for `ttl` seconds."""
        if self.client is not None:
            await self.attempt(self.client.set(key, value, ex=ttl), None)

    async def delete(self, *keys: str) -> int:
        """Remove keys; how many there were."""
        if self.client is None or not keys:
            return 0
        return await self.attempt(self.client.delete(*keys), 0)

    async def delete_matching(self, pattern: str) -> int | None:
        """Remove all keys of a pattern without blocking Redis; how many, None when it is away."""
        if self.client is None:
            return 0
        return await self.attempt(self._delete_matching(self.client, pattern), None)

    async def attempt(self, operation: Awaitable[T], otherwise: T) -> T:
        """Result of a Redis operation, or `otherwise` when Redis is away."""
        if self._rests():
            if isinstance(operation, Coroutine):
                operation.close()
            return otherwise
        try:
            result = await operation
        except AWAY as error:
            self._note_failure(error)
            return otherwise
        self.reachable, self._rests_until = True, None
        return result

    def _rests(self) -> bool:
        """Whether not to ask now; who may ask after a rest is the only one for another rest."""
        if self._rests_until is None:
            return False
        now = time.monotonic()
        if now < self._rests_until:
            return True
        self._rests_until = now + self._rest_seconds
        return False

    def _note_failure(self, error: Exception) -> None:
        if self.reachable:
            facts = {"reason": type(error).__name__, **self._server}
            log.warning("redis is away", extra=facts)
        self.reachable = False
        if isinstance(error, SILENT):
            self._rests_until = time.monotonic() + self._rest_seconds

    @staticmethod
    async def _delete_matching(client: Redis, pattern: str) -> int:
        removed = 0
        keys = cast(AsyncIterator[bytes], client.scan_iter(match=pattern, count=500))
        async for key in keys:
            removed += await client.delete(key)
        return removed
