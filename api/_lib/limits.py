"""Rate limits: buckets counted in Redis for all processes, here alone when it is away."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from api._lib.cache import Cache
from api._lib.errors import ApiError, Kind, too_many

MINUTE, HOUR, DAY = 60, 3_600, 86_400
UNLIMITED = 1_000_000
CROWDED = 10_000
"""More counters than this in a process, and those that are over are removed."""


class Bucket(NamedTuple):
    """A limit: how many uses are allowed within how many seconds of the first."""

    name: str
    limit: int
    seconds: int


LOGIN_ACCOUNT_AND_ADDRESS = Bucket("login_account_and_address", 5, 15 * MINUTE)
LOGIN_ADDRESS = Bucket("login_address", 100, 15 * MINUTE)
LOGIN_ACCOUNT = Bucket("login_account", 50, HOUR)
LOGIN_WITHOUT_PASSWORD_ADDRESS = Bucket("login_without_password_address", 600, HOUR)
MAGIC_LINK_ADDRESS = Bucket("magic_link_address", 200, HOUR)
MAIL_ACCOUNT_SHORT = Bucket("mail_account_short", 1, 2 * MINUTE)
MAIL_ACCOUNT_HOUR = Bucket("mail_account_hour", 5, HOUR)
CODE_ACCOUNT = Bucket("code_account", 10, 15 * MINUTE)
LINK_ADDRESS = Bucket("link_address", 100, 15 * MINUTE)
REFRESH_SESSION = Bucket("refresh_session", 120, 15 * MINUTE)
REFRESH_BAD_COOKIE_ADDRESS = Bucket("refresh_bad_cookie_address", 300, 15 * MINUTE)
CHANGE_PASSWORD_USER = Bucket("change_password_user", 5, HOUR)
ERASE_USER = Bucket("erase_user", 10, HOUR)
CREATE_USER_USER = Bucket("create_user_user", 10, HOUR)
LOOKUP_USER = Bucket("lookup_user", 10, HOUR)
SECRET_ADDRESS = Bucket("secret_address", 10, 15 * MINUTE)
SYNC_ADDRESS = Bucket("sync_address", 60, MINUTE)
SYNC_ALL = Bucket("sync_all", 600, MINUTE)
AI_USER_HOUR = Bucket("ai_user_hour", 10, HOUR)
AI_USER_DAY = Bucket("ai_user_day", 30, DAY)
PUSH_TEST_USER = Bucket("push_test_user", 5, MINUTE)


class Use(NamedTuple):
    """One use of a bucket by whom."""

    bucket: Bucket
    who: str


REFUND = """
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then redis.call('DECR', key) end
end
return 0
"""

# The longest wait of the keys at their limit; only where there is none, one use more for each of
# them. The first use of a key starts its window.
TAKE = """
local wait = 0
for i, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[2 * i - 1]) then
    wait = math.max(wait, redis.call('TTL', key), 1)
  end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  if redis.call('INCR', key) == 1 then redis.call('EXPIRE', key, ARGV[2 * i]) end
end
return 0
"""


class Limits:
    """Counts uses before the work they pay for, so that parallel requests cannot slip through.

    What one limit refuses counts for none: whoever goes on trying uses up nobody else's (F-A12).
    """

    def __init__(self, cache: Cache, factor: float = 1.0) -> None:
        self._cache = cache
        self._factor = factor
        self._local: dict[str, tuple[int, float]] = {}
        self._crowded = CROWDED
        self._held: dict[str, float] = {}

    async def take(self, *uses: Use) -> None:
        """Count uses; raises a 429 when one of them is over its limit."""
        if wait := await self.wait_after(*uses):
            raise too_many(wait)

    async def wait_after(self, *uses: Use) -> int:
        """Count uses; seconds to wait when one is over its limit, else 0."""
        if not uses or self._factor == 0:
            return 0
        if self._cache.client is None:
            return self._take_here(uses)
        keys = [_key(use) for use in uses]
        args: list[Any] = [part for use in uses for part in self._window(use)]
        script = self._cache.client.eval(TAKE, len(keys), *keys, *args)
        wait = await self._cache.attempt(script, -1)
        return self._take_here(uses) if wait < 0 else int(wait)

    def most(self, bucket: Bucket) -> int:
        """How many uses of a bucket are allowed here, for what is counted in Postgres."""
        return self._window(Use(bucket, ""))[0] if self._factor else UNLIMITED

    async def refund(self, *uses: Use) -> None:
        """Take back uses that turned out not to count."""
        for key in map(_key, uses):
            if key in self._local:
                used, until = self._local[key]
                self._local[key] = (max(0, used - 1), until)
        if uses and self._cache.client is not None and self._factor:
            keys = [_key(use) for use in uses]
            await self._cache.attempt(self._cache.client.eval(REFUND, len(keys), *keys), 0)

    @asynccontextmanager
    async def failures(self, *uses: Use) -> AsyncIterator[None]:
        """Count uses, and take them back unless the work ends in a 401; raises a 429.

        Work that could not be done, as Postgres is away, tells nothing: that is no failed try.
        """
        await self.take(*uses)
        failed = False
        try:
            yield
        except ApiError as error:
            failed = error.kind is Kind.UNAUTHORIZED
            raise
        finally:
            if not failed:
                await self.refund(*uses)

    @asynccontextmanager
    async def one_at_a_time(self, name: str, who: str, seconds: int) -> AsyncIterator[None]:
        """Hold a name for one user while work runs; raises a 429 when it is held already."""
        key = f"busy:{name}:{who}"
        if not await self._hold(key, seconds):
            raise ApiError(Kind.TOO_MANY, "busy", headers=(("retry-after", "5"),))
        try:
            yield
        finally:
            self._held.pop(key, None)
            await self._cache.delete(key)

    async def _hold(self, key: str, seconds: int) -> bool:
        if self._held.get(key, 0) > time.monotonic():
            return False
        # Before Redis is asked: when it is away, this is all that keeps others out meanwhile.
        self._held[key] = time.monotonic() + seconds
        if self._cache.client is not None:
            mine = self._cache.client.set(key, b"1", nx=True, ex=seconds)
            if await self._cache.attempt(mine, True) is None:
                self._held.pop(key, None)
                return False
        return True

    def _window(self, use: Use) -> tuple[int, int]:
        return max(1, int(use.bucket.limit * self._factor)), use.bucket.seconds

    def _take_here(self, uses: tuple[Use, ...]) -> int:
        now = time.monotonic()
        if len(self._local) > self._crowded:
            self._local = {key: item for key, item in self._local.items() if item[1] > now}
            # Those who stay are not looked through again with every use.
            self._crowded = max(CROWDED, 2 * len(self._local))
        if wait := max(self._wait_here(use, now) for use in uses):
            return wait
        for use in uses:
            used, until = self._used_here(use, now)
            self._local[_key(use)] = (used + 1, until)
        return 0

    def _wait_here(self, use: Use, now: float) -> int:
        used, until = self._used_here(use, now)
        return 0 if used < self._window(use)[0] else max(1, int(until - now))

    def _used_here(self, use: Use, now: float) -> tuple[int, float]:
        """How often in the window, and when that ends; a new one begins with the first use."""
        used, until = self._local.get(_key(use), (0, 0.0))
        return (used, until) if until > now else (0, now + self._window(use)[1])


def _key(use: Use) -> str:
    return f"limit:{use.bucket.name}:{use.who}"
