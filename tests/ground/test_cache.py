"""A Redis that does not answer must not hold up every request anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api._lib.cache import Cache


class Silence:
    """A server that reads what it is sent and answers only when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.speaks = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Count what arrives; the client introduces itself before it asks."""
        while text := await reader.read(4_096):
            if b"GET" in text:
                self.asked += 1
            if self.speaks or b"GET" not in text:
                writer.write(b"+OK\r\n" * text.count(b"*"))
        writer.close()


@pytest.fixture
async def silence() -> Silence:
    return Silence()


@pytest.fixture
async def cache(silence: Silence) -> AsyncIterator[Cache]:
    """A cache on that server, with short times."""
    server = await asyncio.start_server(silence.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = Cache(
        Redis(port=port, protocol=2, socket_timeout=0.1, retry=Retry(NoBackoff(), 0)),
        rest_seconds=0.3,
    )
    yield made
    await made.close()
    server.close()


async def test_a_silent_redis_is_left_alone_for_a_while(cache: Cache, silence: Silence) -> None:
    assert await cache.get("a") is None
    assert not cache.reachable
    asked = silence.asked
    assert await asyncio.gather(*(cache.get(f"{number}") for number in range(20))) == [None] * 20
    assert await cache.delete_matching("a*") is None
    assert silence.asked == asked


async def test_after_the_rest_one_operation_tries_for_all(cache: Cache, silence: Silence) -> None:
    await cache.get("a")
    asked = silence.asked
    await asyncio.sleep(0.35)
    await asyncio.gather(*(cache.get(f"{number}") for number in range(20)))
    assert silence.asked == asked + 1


async def test_as_soon_as_it_answers_it_is_asked_again(cache: Cache, silence: Silence) -> None:
    await cache.get("a")
    silence.speaks = True
    while await cache.get("a") is None:
        await asyncio.sleep(0.05)
    asked = silence.asked
    assert await cache.get("b") == b"OK"
    assert silence.asked == asked + 1
