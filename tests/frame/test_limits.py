"""Limits: counted before the work, shared through Redis, never unlimited."""

import asyncio

import pytest

from api._lib.cache import Cache
from api._lib.errors import ApiError, Kind, forbidden, unauthorized, unavailable
from api._lib.limits import CROWDED, Bucket, Limits, Use

FIVE = Bucket("five", 5, 60)
WIDE = Bucket("wide", 100, 60)
AWAY = "redis://127.0.0.1:9"


@pytest.fixture(params=["redis", "without redis", "redis away"])
async def limits(request: pytest.FixtureRequest, redis_url: str) -> Limits:
    """Limits in every weather."""
    urls = {"redis": redis_url, "without redis": None, "redis away": AWAY}
    return Limits(Cache.connect(urls[request.param]))


async def allowed(limits: Limits, *uses: Use) -> bool:
    """Whether uses are within their limits."""
    return await limits.wait_after(*uses) == 0


async def test_the_sixth_of_five_is_refused(limits: Limits) -> None:
    results = [await allowed(limits, Use(FIVE, "an")) for _ in range(6)]
    assert results == [True] * 5 + [False]
    assert await allowed(limits, Use(FIVE, "bo"))


async def test_F_H6_parallel_uses_cannot_slip_through(limits: Limits) -> None:
    results = await asyncio.gather(*(allowed(limits, Use(FIVE, "an")) for _ in range(100)))
    assert sum(results) == 5


async def test_the_tightest_of_several_decides(limits: Limits) -> None:
    uses = (Use(FIVE, "an"), Use(WIDE, "address"))
    assert [await allowed(limits, *uses) for _ in range(6)] == [True] * 5 + [False]


async def test_F_A12_what_one_limit_refuses_counts_for_no_other(limits: Limits) -> None:
    for _ in range(200):
        await allowed(limits, Use(FIVE, "an"), Use(WIDE, "address"))
    neighbours = [await allowed(limits, Use(WIDE, "address")) for _ in range(96)]
    assert neighbours == [True] * 95 + [False]


async def test_a_refunded_use_does_not_count(limits: Limits) -> None:
    for _ in range(20):
        assert await allowed(limits, Use(FIVE, "an"))
        await limits.refund(Use(FIVE, "an"))


async def test_a_refusal_says_how_long_to_wait(limits: Limits) -> None:
    for _ in range(5):
        await limits.take(Use(FIVE, "an"))
    with pytest.raises(ApiError) as caught:
        await limits.take(Use(FIVE, "an"))
    assert caught.value.kind is Kind.TOO_MANY
    name, seconds = caught.value.headers[0]
    assert name == "retry-after"
    assert 1 <= int(seconds) <= 60


async def test_one_at_a_time(limits: Limits) -> None:
    async with limits.one_at_a_time("ai", "an", 30):
        with pytest.raises(ApiError):
            async with limits.one_at_a_time("ai", "an", 30):
                pass
        async with limits.one_at_a_time("ai", "bo", 30):
            pass
    async with limits.one_at_a_time("ai", "an", 30):
        pass


async def test_of_many_at_once_one_is_let_in(limits: Limits) -> None:
    done = asyncio.Event()

    async def work() -> bool:
        try:
            async with limits.one_at_a_time("ai", "an", 30):
                return await done.wait()
        except ApiError:
            return False

    works = [asyncio.create_task(work()) for _ in range(20)]
    await asyncio.wait(works, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    done.set()
    assert sum(await asyncio.gather(*works)) == 1


async def test_only_a_401_counts_as_a_failure(limits: Limits) -> None:
    for error in (unavailable(), forbidden(), OSError(), *[unauthorized()] * 5):
        with pytest.raises(type(error)):
            async with limits.failures(Use(FIVE, "an")):
                raise error
    assert not await allowed(limits, Use(FIVE, "an"))
    async with limits.failures(Use(FIVE, "bo")):
        pass
    assert [await allowed(limits, Use(FIVE, "bo")) for _ in range(6)] == [True] * 5 + [False]


async def test_a_crowd_is_not_looked_through_with_every_use() -> None:
    limits = Limits(Cache.connect(None))
    for number in range(CROWDED + 2):
        await limits.take(Use(FIVE, str(number)))
    kept = limits._local
    await limits.take(Use(FIVE, "one more"))
    assert limits._local is kept


async def test_processes_count_together(redis_url: str) -> None:
    one, two = (Limits(Cache.connect(redis_url)) for _ in range(2))
    results = [await allowed(which, Use(FIVE, "an")) for _ in range(3) for which in (one, two)]
    assert results == [True] * 5 + [False]


async def test_a_factor_widens_every_limit_and_zero_lifts_it(redis_url: str) -> None:
    double = Limits(Cache.connect(redis_url), factor=2)
    assert sum([await allowed(double, Use(FIVE, "an")) for _ in range(20)]) == 10
    none = Limits(Cache.connect(redis_url), factor=0)
    assert all([await allowed(none, Use(FIVE, "bo")) for _ in range(20)])


async def test_every_counter_has_an_end(redis_url: str) -> None:
    cache = Cache.connect(redis_url)
    await Limits(cache).take(Use(FIVE, "an"))
    assert cache.client is not None
    assert 0 < await cache.client.ttl("limit:five:an") <= 60
