"""What connections do in another way than uvicorn: answers in one piece, care with odd requests."""

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

Answer = Callable[[int, bytes, bytes], Awaitable[None]]
"""Sends status, lines of the head, and body."""

LONGEST_HEAD = 65_536
"""Bytes; one without end would fill the memory. It is looked at with every read, so the last read
may make it longer."""

ANSWER = "api.answer"
"""Where a scope holds the `Answer` of its request, when the server offers it."""


class Protocol(HttpToolsProtocol):
    """Uvicorn's protocol, with a short way for answers that are complete when they begin.

    The long way checks each header of each answer with two patterns, and makes one system call for
    the head and one for the body; that is a fifth of the time of a small request.
    """

    refusal = b""
    """What follows the status line of an answer to bytes that are no request."""
    _running: RequestResponseCycle | None = None
    _in_head = False
    _unfinished = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        async def answer(status: int, head: bytes, body: bytes) -> None:
            await _answer(cycle, status, head, body)

        cast(dict[str, object], cycle.scope)[ANSWER] = answer
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a request that wishes for another protocol is served in this one.

        The parser leaves the body of such a request to that protocol, and then takes it for the
        next request: behind a proxy that passes wishes on, a way to answer one person to another.
        """
        self._unset_keepalive_if_required()
        self._unfinished += len(data)
        try:
            self._parse(data)
            if self._unfinished > LONGEST_HEAD:
                raise HttpParserError("a head without end")
        except HttpParserError:
            self.send_400_response("")

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except HttpParserUpgrade as wish:
                data = self._head_without_wish() + data[wish.args[0] :]

    def _head_without_wish(self) -> bytes:
        """The head just read, for a parser that has seen nothing; raises HttpParserError."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            raise HttpParserError("a wish and nothing else")
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        headers = [pair for pair in self.headers if pair[0] != b"upgrade"]
        return b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, lines(headers))

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what stands after the body is none, whatever its name (RFC 9110, 6.5.1).

        The proxy has only looked at the head: the rest could tell another address of the caller.
        """
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to serve, unless the head is parsed once more."""
        self._in_head, self._unfinished = False, 0
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body, unless the head is parsed once more."""
        self._unfinished = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that runs; uvicorn tells the last one that was sent ahead."""
        if self._running is not None:
            self._running.disconnected = True
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no request as the application answers a bad one (F-H4)."""
        head = STATUS_LINE[400] + lines(self.server_state.default_headers)
        self.transport.write(head + self.refusal)
        self.transport.close()


def lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Headers as lines of a head; raises ValueError for a value that would begin another line."""
    text = b"".join([b"%b: %b\r\n" % pair for pair in headers])
    if not text.count(b"\r") == text.count(b"\n") == len(headers):
        raise ValueError("a header holds a line break")
    return text


async def _answer(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> None:
    """What uvicorn's own `send` does for a start and a body without more to come."""
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    if cycle.scope["method"] == "HEAD":
        body = b""
    if not cycle.keep_alive:
        head += b"connection: close\r\n"
    date = lines(cycle.default_headers)
    cycle.transport.write(b"".join((STATUS_LINE[status], date, head, b"\r\n", body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
