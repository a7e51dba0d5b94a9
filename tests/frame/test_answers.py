"""Answers over real connections: ready bytes in one piece, and the same as without them."""

import asyncio
import gc
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.protocol import LONGEST_HEAD, lines
from api._lib.server import Server
from api._lib.settings import Settings

BIG = 1_000_000
ENDPOINTS = {
    "small.py": """
from api._lib.guard import public


@public
async def get() -> str:
    return "here"
""",
    "big.py": f"""
from api._lib.guard import public


@public
async def get() -> str:
    return "x" * {BIG}
""",
    "read.py": """
from api._lib.guard import public
from api._lib.wire import Body


@public
async def post(body: Body) -> str:
    return "read"
""",
    "caller.py": """
from api._lib.context import Context
from api._lib.guard import public
from api._lib.wire import Body


@public
async def post(ctx: Context, body: Body) -> str | None:
    return ctx.client_address
""",
    "away.py": """
from api._lib.guard import public
from api._lib.wire import Redirect


@public
async def get() -> Redirect:
    return Redirect("https://x.test/\\r\\nset-cookie: refreshToken=stolen")
""",
}


@pytest.fixture
async def app(settings: Settings, clock: ManualClock, tmp_path: Path) -> App:
    """An application of a few endpoints."""
    for name, source in ENDPOINTS.items():
        file = tmp_path / "api" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
    return App(settings, clock=clock, api_root=tmp_path / "api")


@pytest.fixture
async def port(app: App) -> AsyncIterator[int]:
    """The server as it is in production, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(app)
    serving = asyncio.create_task(server.serve([listening]))
    async with asyncio.timeout(30):
        while not server.started:
            await asyncio.sleep(0.01)
    yield int(listening.getsockname()[1])
    server.should_exit = True
    await serving


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(20):
            yield reader, writer
    finally:
        writer.close()


def request(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    """The bytes of a request."""
    first = (f"{method} {path} HTTP/{version}", "host: mfa.test")
    return "\r\n".join([*first, *headers, "", ""]).encode()


async def answered(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Head and body of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
    return head, await reader.readexactly(int(fields["content-length"]))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/small"),
        ("HEAD", "/api/small"),
        ("OPTIONS", "/api/small"),
        ("PUT", "/api/small"),
        ("GET", "/api/unknown"),
        ("GET", "/assets/missing.js"),
    ],
)
async def test_ready_bytes_say_the_same_as_single_headers(
    app: App, port: int, method: str, path: str
) -> None:
    https = {"x-forwarded-proto": "https"}
    inside = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://mfa.test")
    outside = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")
    async with inside, outside:
        one = await inside.request(method, path, headers=https)
        other = await outside.request(method, path, headers=https)
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert {*one.headers, "date"} == {*other.headers}
    assert all(
        one.headers[name] == other.headers[name] for name in one.headers if name != "x-request-id"
    )
    assert "strict-transport-security" in other.headers


async def test_no_body_follows_the_head_that_was_asked_for(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/metrics", method="HEAD") + request("/api/small"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        head, _ = await answered(reader)
    assert head.startswith("HTTP/1.1 200")


@pytest.mark.parametrize(
    "text",
    [
        b"no request\r\n\r\n",
        b"GET /\xe9 HTTP/1.1\r\n\r\n",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    ],
)
async def test_F_H4_bytes_that_are_no_request_get_the_envelope_and_the_headers(
    app: App, port: int, text: bytes
) -> None:
    async with connected(port) as (reader, writer):
        writer.write(text)
        head, body = await answered(reader)
        assert await reader.read() == b""
    assert head.startswith("HTTP/1.1 400 ")
    for line in ("cache-control: no-store", "x-content-type-options: nosniff", "connection: close"):
        assert f"\r\n{line}\r\n" in head
    assert json.loads(body) == {"success": False, "error": "De aanvraag is ongeldig."}


@pytest.mark.parametrize("wish", ["h2c", "websocket"])
@pytest.mark.parametrize("in_parts", [False, True])
async def test_the_body_after_a_wish_for_another_protocol_is_no_request(
    port: int, wish: str, in_parts: bool
) -> None:
    hidden = request("/api/small")
    wishes = ("connection: Upgrade, HTTP2-Settings", f"upgrade: {wish}", "http2-settings: AAA")
    body = ("content-type: application/json", f"content-length: {len(hidden)}")
    async with connected(port) as (reader, writer):
        if in_parts:
            asks = "expect: 100-continue"
            writer.write(request("/api/read", *wishes, *body, asks, method="POST"))
            await reader.readuntil(b"100 Continue\r\n\r\n")
        else:
            writer.write(request("/api/read", *wishes, *body, method="POST"))
        writer.write(hidden + request("/api/unknown", *wishes) * 300 + request("/api/big"))
        head, text = await answered(reader)
        assert head.startswith("HTTP/1.1 400 ")
        assert "geen geldige JSON" in text.decode()
        for _ in range(300):
            head, _ = await answered(reader)
            assert head.startswith("HTTP/1.1 404 ")
        head, _ = await answered(reader)
        assert head.startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("begun", "more"),
    [
        (b"GET /api/small?x=", b"y"),
        (b"GET /api/small HTTP/1.1\r\nx-one: ", b"y"),
        (b"GET /api/small HTTP/1.1\r\n", b"x-many: and one more\r\n"),
    ],
)
async def test_a_head_without_end_is_refused(port: int, begun: bytes, more: bytes) -> None:
    async with connected(port) as (reader, writer):
        writer.write((begun + more * LONGEST_HEAD)[: LONGEST_HEAD + 1])
        head, _ = await answered(reader)
        assert head.startswith("HTTP/1.1 400 ")


async def test_a_body_with_fields_without_end_is_refused(port: int) -> None:
    told = ("content-type: application/json", "transfer-encoding: chunked", "expect: 100-continue")
    async with connected(port) as (reader, writer):
        writer.write(request("/api/read", *told, method="POST"))
        await reader.readuntil(b"100 Continue\r\n\r\n")
        writer.write((b"0\r\n" + b"x-many: and one more\r\n" * LONGEST_HEAD)[: LONGEST_HEAD + 1])
        head, _ = await answered(reader)
        assert head.startswith("HTTP/1.1 400 ")


async def test_what_is_long_but_ends_is_served(port: int) -> None:
    cookies = [f"x-cookie-{number}: {'y' * 1_000}" for number in range(50)]
    body = b" " * 90_000 + b"{}"
    told = ("content-type: application/json", f"content-length: {len(body)}", *cookies)
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(request("/api/read", *told, method="POST") + body)
        for _ in range(3):
            head, _ = await answered(reader)
            assert head.startswith("HTTP/1.1 200 ")


async def test_what_follows_a_body_is_no_header(port: int) -> None:
    fields = ("transfer-encoding: chunked", "trailer: x-forwarded-for")
    told = ("content-type: application/json", "x-forwarded-for: 203.0.113.7")
    async with connected(port) as (reader, writer):
        for _ in range(2):
            writer.write(request("/api/caller", *told, *fields, method="POST"))
            writer.write(b"2\r\n{}\r\n0\r\nx-forwarded-for: 198.51.100.9\r\n\r\n")
        for _ in range(2):
            _, body = await answered(reader)
            assert json.loads(body)["data"] == "203.0.113.7"


async def test_a_value_with_a_line_break_never_becomes_a_header(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/api/away"))
        head, body = await answered(reader)
    assert head.startswith("HTTP/1.1 500 ")
    assert "stolen" not in head
    assert b'"success":false' in body


@pytest.mark.parametrize("text", [b"a\r\nb: c", b"a\nb: c", b"a\rb: c"])
def test_lines_refuse_line_breaks(text: bytes) -> None:
    with pytest.raises(ValueError, match="line break"):
        lines([(b"location", text)])


async def test_a_connection_stays_open_until_somebody_asks_to_close_it(port: int) -> None:
    async with connected(port) as (reader, writer):
        for _ in range(3):
            writer.write(request("/api/small"))
            head, _ = await answered(reader)
            assert "connection:" not in head
        writer.write(request("/api/small", "connection: close"))
        head, body = await answered(reader)
        assert "\r\nconnection: close\r\n" in head
        assert body == b'{"success":true,"data":"here"}'
        assert await reader.read() == b""


async def test_a_client_of_the_old_protocol_gets_its_answer_and_the_end(port: int) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/api/small", version="1.0"))
        whole = await reader.read()
    assert whole.endswith(b'{"success":true,"data":"here"}')


async def test_requests_sent_ahead_are_answered_whole_and_in_order_to_a_slow_reader(
    port: int,
) -> None:
    async with connected(port) as (reader, writer):
        writer.write(request("/api/big", "accept-encoding: identity") * 8 + request("/api/small"))
        for _ in range(8):
            _, body = await answered(reader)
            assert len(body) == len(b'{"success":true,"data":""}') + BIG
        _, body = await answered(reader)
        assert body == b'{"success":true,"data":"here"}'


async def test_whoever_hangs_up_early_disturbs_nobody(port: int) -> None:
    for _ in range(3):
        async with connected(port) as (_, writer):
            writer.write(request("/api/big") * 4)
            await writer.drain()
    async with connected(port) as (reader, writer):
        writer.write(request("/api/small"))
        head, _ = await answered(reader)
    assert head.startswith("HTTP/1.1 200 ")


async def test_whoever_hangs_up_before_the_request_is_whole_is_no_failure_of_ours(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="api.request")
    head = ("content-type: application/json", "content-length: 100")
    async with connected(port) as (_, writer):
        writer.write(request("/api/read", *head, method="POST") + b"{")
        await writer.drain()
    async with asyncio.timeout(20):
        while not (seen := [r for r in caplog.records if r.name == "api.request"]):
            await asyncio.sleep(0.01)
    assert [vars(record)["status"] for record in seen] == [499]


async def test_a_request_leaves_nothing_to_the_garbage_collector(port: int) -> None:
    """Circles of objects, found by collecting again and again, cost a fifth of a small request.

    The best of three rounds: what ends meanwhile in the common event loop leaves some as well.
    """
    async with connected(port) as (reader, writer):
        writer.write(request("/api/small"))
        await answered(reader)
        left = [await garbage_of(100, reader, writer) for _ in range(3)]
    assert min(left) < 100, left


async def garbage_of(
    requests: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> int:
    """How many objects only the collector can remove after so many requests."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(requests):
            writer.write(request("/api/small"))
            await answered(reader)
        return gc.collect()
    finally:
        gc.enable()
