"""The frame round every answer: headers that all carry, and ready bytes where the server offers."""

from starlette.types import Message, Scope, Send

from api._lib.answering import JSON, NO_STORE
from api._lib.messages import sentence
from api._lib.protocol import ANSWER, Answer, lines
from api._lib.wire import failure

Pairs = list[tuple[bytes, bytes]]
BY_HTTPS = (b"x-forwarded-proto", b"https")
CLOSE = (b"connection", b"close")
HSTS = (b"strict-transport-security", b"max-age=31536000")
HSTS_LINE = lines([HSTS])
UNANSWERED = 499
"""What log and figures say of a client that went away before its request was complete."""


def security_headers(production: bool) -> Pairs:
    """The headers every answer carries (F-H4, F-H17)."""
    local = "" if production else " http://127.0.0.1:*"
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: https:{local}; media-src 'self' https:{local}; connect-src 'self'; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; "
        "form-action 'self'"
    )
    return [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        (b"content-security-policy", policy.encode()),
    ]


class Framing:
    """What the answers of an application have in common."""

    def __init__(self, production: bool) -> None:
        self.headers = security_headers(production)
        self.lines = lines(self.headers)
        self.stopping = False
        """Whether each answer ends its connection."""

    def refusal(self) -> bytes:
        """Head without its first line, and body, for bytes that are no request (F-H4)."""
        body = failure(sentence("bad_request", "nl"))
        length = (b"content-length", str(len(body)).encode())
        return lines([JSON, NO_STORE, length, *self.headers, CLOSE]) + b"\r\n" + body


class Framed:
    """The way back of one request; what it was answered with is in `status`."""

    __slots__ = ("_answer", "_framing", "_scope", "_send", "_start", "status")

    def __init__(self, framing: Framing, scope: Scope, send: Send) -> None:
        self._framing = framing
        self._scope = scope
        self._send = send
        # Left in the scope it would make a circle, which only the garbage collector can open.
        self._answer: Answer | None = scope.pop(ANSWER, None)
        self._start: Message | None = None
        self.status = UNANSWERED

    async def send(self, message: Message) -> None:
        """Hold the start of an answer until its body is there, then send both with all headers."""
        if message["type"] == "http.response.start":
            self._start, self.status = message, message["status"]
            return
        start, self._start = self._start, None
        if start is None:
            await self._send(message)
            return
        if self._answer and not self._framing.stopping and not message.get("more_body"):
            head = lines(start["headers"]) + self._common_lines()
            await self._answer(self.status, head, message.get("body", b""))
            return
        start["headers"] = [*start["headers"], *self._common()]
        await self._send(start)
        await self._send(message)

    def _common(self) -> Pairs:
        request_id = (b"x-request-id", self._scope["request_id"].encode())
        common = [*self._framing.headers, request_id]
        if BY_HTTPS in self._scope["headers"]:
            common.append(HSTS)
        if self._framing.stopping:
            common.append(CLOSE)
        return common

    def _common_lines(self) -> bytes:
        request_id = f"x-request-id: {self._scope['request_id']}\r\n".encode()
        is_https = BY_HTTPS in self._scope["headers"]
        return self._framing.lines + request_id + (HSTS_LINE if is_https else b"")
