"""One request by the synchronous client: answers in every form, whole or an error, and in time."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from api._lib.airtable.client import Client
from api._lib.airtable.errors import TransientError

ANSWER = {"records": [{"id": f"rec{number:014d}", "fields": {}} for number in range(5_000)]}
TEXT = json.dumps(ANSWER).encode()


def sized(body: bytes, *headers: bytes, size: int | None = None) -> bytes:
    """An answer that tells its length."""
    length = b"content-length: %d" % (len(body) if size is None else size)
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, length, b"", body])


def chunked(body: bytes, *headers: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """An answer in parts."""
    parts = [body[start : start + 10_000] for start in range(0, len(body), 10_000)]
    text = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    head = b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"transfer-encoding: chunked", b"", b""])
    return head + text + end


PACKED = b"content-encoding: gzip"


@asynccontextmanager
async def answering(*parts: bytes, pause: float = 0.0) -> AsyncIterator[Client]:
    """A client of a server that sends these parts, whatever it is asked, and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Client("token", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def asked(client: Client, seconds: float = 10.0) -> Any:
    """What a request got."""

    def call(api: Any) -> Any:
        return api.request("GET", api.build_url("x"))

    return await asyncio.to_thread(client.perform, call, time.monotonic() + 10, seconds)


@pytest.mark.parametrize(
    "answer",
    [
        sized(TEXT),
        chunked(TEXT),
        sized(gzip.compress(TEXT), PACKED),
        chunked(gzip.compress(TEXT, 0), PACKED),
    ],
)
async def test_an_answer_is_read_whole(answer: bytes) -> None:
    async with answering(answer) as client:
        assert await asked(client) == ANSWER


@pytest.mark.parametrize(
    "answer",
    [
        sized(TEXT, size=len(TEXT) + 1),
        chunked(TEXT, end=b""),
        sized(TEXT, PACKED),
        sized(gzip.compress(TEXT)[:-100], PACKED, size=len(gzip.compress(TEXT))),
    ],
)
async def test_a_part_of_an_answer_is_an_error(answer: bytes) -> None:
    async with answering(answer) as client:
        with pytest.raises(TransientError):
            await asked(client)


async def test_an_answer_that_comes_in_drops_ends_in_time() -> None:
    drops = [b" "] * 200
    async with asyncio.timeout(8), answering(sized(b"", size=1_000), *drops, pause=0.05) as client:
        with pytest.raises(TransientError):
            await asked(client, seconds=0.5)
