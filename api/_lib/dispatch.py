"""Runs one request: method, guard, body, handler, and the envelope of whatever comes of it."""

import gzip
import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
from msgspec import structs
from starlette.types import Receive, Scope, Send

from api._lib.airtable.errors import (
    AirtableError,
    NotSentError,
    ThrottledError,
    TransientError,
)
from api._lib.context import Admin, Context, Headers, Resources, User
from api._lib.db import DatabaseUnavailableError
from api._lib.errors import ApiError, Kind, bad_request, unauthorized, unavailable
from api._lib.guard import REFRESH_COOKIE, is_signed, pass_guard
from api._lib.messages import sentence
from api._lib.router import Handler
from api._lib.wire import (
    GZIP_FROM,
    Bare,
    Cookie,
    Empty,
    Encoded,
    Redirect,
    Reply,
    bare,
    convert,
    failure,
    success,
)

log = logging.getLogger(__name__)
JSON = (b"content-type", b"application/json; charset=utf-8")
NO_STORE = (b"cache-control", b"no-store")
PACKED = ((b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))
READS = "GET, HEAD, OPTIONS"
"""What a path that is only read allows."""
BODY_LIMIT = 102_400
BODY_LIMITS = {"/api/programs/confirm": 262_144}
SYNC_BODY_LIMIT = 65_536
CLEARED = Cookie(REFRESH_COOKIE, "", 0)
RawHeaders = list[tuple[bytes, bytes]]


class DisconnectedError(Exception):
    """The client went away before its request was complete."""


class Page:
    """Everything one path answers: its handlers by method, OPTIONS, and 405 for the rest."""

    def __init__(self, path: str, handlers: Iterable[Handler]) -> None:
        self.path = path
        self._handlers = {handler.method: handler for handler in handlers}
        if "GET" in self._handlers:
            self._handlers["HEAD"] = self._handlers["GET"]
        self._allow = ", ".join(sorted([*self._handlers, "OPTIONS"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every error becomes the envelope here."""
        scope["route_template"] = self.path
        ctx = Context(scope["resources"], scope)
        try:
            await self._answer(ctx, receive, send)
        except DisconnectedError:
            log.info("client went away", extra={"route": self.path})
        except Exception as error:
            await send_error(send, ctx, as_api_error(error, scope))
        finally:
            if ctx.user is not None:
                scope["user_id"] = ctx.user.id

    async def _answer(self, ctx: Context, receive: Receive, send: Send) -> None:
        method = ctx.scope["method"]
        handler = self._handlers.get(method)
        if handler is None:
            await answer_other(send, ctx, self._allow)
            return
        if is_signed(handler.guard, ctx.headers):
            await _read_once(ctx, receive)
        await pass_guard(handler.guard, ctx)
        arguments = await self._arguments(handler, ctx, receive)
        await send_result(send, ctx, await handler.call(**arguments))

    async def _arguments(self, handler: Handler, ctx: Context, receive: Receive) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for name in handler.given:
            if name == "ctx":
                arguments[name] = ctx
            elif name == "user":
                arguments[name] = ctx.user
            elif name == "admin":
                arguments[name] = _as_admin(ctx.user)
            elif name == "body" and handler.body is not None:
                await _read_once(ctx, receive)
                arguments[name] = handler.body.body(ctx.raw_body)
            elif name == "query" and handler.query is not None:
                arguments[name] = handler.query.query(query_pairs(ctx.scope))
            else:
                arguments[name] = _path_argument(handler, ctx, name)
        return arguments


def _as_admin(user: User | None) -> Admin:
    if user is None:
        raise unauthorized()
    return Admin(**structs.asdict(user))


def _path_argument(handler: Handler, ctx: Context, name: str) -> Any:
    head, *tail = name.split("_")
    field = head + "".join(word.title() for word in tail)
    if b"%" in ctx.scope.get("raw_path", b"") and not _is_well_formed(ctx.scope["raw_path"]):
        raise bad_request("bad_path")
    value = ctx.scope["path_params"][field]
    if "\0" in value or len(value) > 512:
        raise bad_request("field_invalid", field=field)
    return convert(value, handler.path_types[name], field)


def _is_well_formed(raw_path: bytes) -> bool:
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw_path):
        return False
    try:
        re.sub(rb"%([0-9A-Fa-f]{2})", lambda hit: bytes([int(hit[1], 16)]), raw_path).decode()
    except UnicodeDecodeError:
        return False
    return True


def query_pairs(scope: Scope) -> Sequence[tuple[str, str]]:
    """Query parameters in order, blanks kept; raises a 400 for one that is no UTF-8."""
    text = scope["query_string"].decode("latin-1")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise bad_request("bad_path") from None


async def _read_once(ctx: Context, receive: Receive) -> None:
    """Read the body unless a guard did; asking again would wait for the client to hang up."""
    if not ctx.body_is_read:
        ctx.raw_body = await read_body(ctx, receive)
        ctx.body_is_read = True


async def read_body(ctx: Context, receive: Receive) -> bytes:
    """The whole body within its limit; raises a 413 or 415 for one we do not take."""
    limit = body_limit(ctx.scope["route_template"])
    if int_or_zero(ctx.headers.get("content-length")) > limit:
        raise ApiError(Kind.TOO_LARGE, "body_too_large")
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > limit:
            raise ApiError(Kind.TOO_LARGE, "body_too_large")
    if size:
        _check_type(ctx)
    return b"".join(chunks)


def body_limit(route: str) -> int:
    """How many bytes a route takes."""
    default = SYNC_BODY_LIMIT if route.startswith("/api/sync/") else BODY_LIMIT
    return BODY_LIMITS.get(route, default)


def int_or_zero(text: str | None) -> int:
    """A header's number; 0 when it is none."""
    return int(text) if text and text.isdigit() else 0


def _check_type(ctx: Context) -> None:
    kind, *parameters = (part.strip() for part in ctx.headers.get("content-type", "").split(";"))
    charsets = [
        part.lower().removeprefix("charset=").strip('"')
        for part in parameters
        if part.lower().startswith("charset=")
    ]
    packed = ctx.headers.get("content-encoding", "identity").lower() != "identity"
    if kind.lower() != "application/json" or packed or charsets not in ([], ["utf-8"], ["utf8"]):
        raise ApiError(Kind.UNSUPPORTED_TYPE, "unsupported_type")


async def send_result(send: Send, ctx: Context, result: Any) -> None:
    """Send what a handler returned."""
    if isinstance(result, Redirect):
        location = (b"location", result.location.encode("latin-1", "replace"))
        await send_raw(send, 302, success(None), [location, JSON, *_cached(result.headers)])
    elif isinstance(result, Empty):
        await send_raw(send, 204, b"", [NO_STORE])
    elif isinstance(result, Bare):
        head = ctx.scope["method"] == "HEAD"
        await send_raw(send, result.status, bare(result.body), [JSON, NO_STORE], head=head)
    else:
        reply = result if isinstance(result, Reply) else Reply(result)
        await _send_reply(send, ctx, reply)


async def _send_reply(send: Send, ctx: Context, reply: Reply[Any]) -> None:
    headers = [JSON, *_cached(reply.headers)]
    headers += [_cookie(cookie, ctx) for cookie in reply.cookies]
    if isinstance(reply.data, Encoded):
        await send_encoded(send, ctx, reply.data, headers, status=reply.status)
        return
    body = success(reply.data)
    # An answer that carries tokens is never compressed beside text an attacker may choose.
    if len(body) >= GZIP_FROM and not reply.cookies and accepts_gzip(ctx.headers):
        body = gzip.compress(body, 4)
        headers += PACKED
    await send_raw(send, reply.status, body, headers, head=ctx.scope["method"] == "HEAD")


async def send_encoded(
    send: Send, ctx: Context, data: Encoded, headers: RawHeaders, *, status: int = 200
) -> None:
    """Send a body made before in the form the client reads, or 304 when it has that body."""
    if data.etag:
        headers = [*headers, (b"etag", data.etag.encode())]
        if data.etag in ctx.headers.get("if-none-match", ""):
            await send_raw(send, 304, b"", headers)
            return
    body = data.plain
    if data.gzipped is not None and accepts_gzip(ctx.headers):
        body, headers = data.gzipped, [*headers, *PACKED]
    await send_raw(send, status, body, headers, head=ctx.scope["method"] == "HEAD")


def accepts_gzip(headers: Headers) -> bool:
    """Whether the client can read a compressed body."""
    accepted = headers.get("accept-encoding", "")
    return "gzip" in accepted and "gzip;q=0" not in accepted.replace(" ", "")


def _cached(headers: Sequence[tuple[str, str]]) -> RawHeaders:
    if not headers:
        return [NO_STORE]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return raw if any(name == b"cache-control" for name, _ in raw) else [NO_STORE, *raw]


def _cookie(cookie: Cookie, ctx: Context) -> tuple[bytes, bytes]:
    secure = "Secure; " if ctx.settings.cookie_secure else ""
    text = (
        f"{cookie.name}={cookie.value}; HttpOnly; {secure}SameSite=Strict; Path=/; "
        f"Max-Age={cookie.max_age}"
    )
    return b"set-cookie", text.encode()


async def send_error(send: Send, ctx: Context, error: ApiError) -> None:
    """Send an error as the envelope, in the language of whoever asked."""
    text = sentence(error.message, ctx.language, **error.params)
    headers = [JSON, *_cached(error.headers)]
    if error.clear_session:
        headers.append(_cookie(CLEARED, ctx))
    await send_raw(send, error.kind, failure(text), headers, head=ctx.scope["method"] == "HEAD")


async def send_raw(
    send: Send, status: int, body: bytes, headers: RawHeaders, *, head: bool = False
) -> None:
    """Send a complete answer; HEAD gets the length, not the body."""
    if status not in (204, 304):
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


def as_api_error(error: Exception, scope: Scope) -> ApiError:
    """The answer an exception stands for; what it says itself goes to the log only (F-H1)."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DatabaseUnavailableError):
        log.warning("postgres is away", extra={"reason": str(error)})
        return unavailable()
    if isinstance(error, AirtableError):
        log.warning("airtable did not do it", extra={"reason": str(error)})
        return _remote_error(error)
    known = _database_error(error)
    if known is None:
        log.error(
            "request failed",
            exc_info=error,
            extra={"route": scope.get("route_template"), "request_id": scope.get("request_id")},
        )
        return ApiError(Kind.INTERNAL, "internal")
    log.info("refused by the database", extra={"reason": type(error).__name__})
    return known


def _remote_error(error: AirtableError) -> ApiError:
    """503 when the same request may succeed later, 502 when Airtable refuses it (11.14)."""
    if isinstance(error, NotSentError | ThrottledError | TransientError):
        return unavailable()
    return ApiError(Kind.BAD_GATEWAY, "upstream_failed")


def _database_error(error: Exception) -> ApiError | None:
    if isinstance(error, asyncpg.UniqueViolationError):
        return ApiError(Kind.CONFLICT, "conflict")
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return ApiError(Kind.NOT_FOUND, "not_found")
    if isinstance(error, asyncpg.CheckViolationError | asyncpg.DataError):
        return bad_request("field_invalid", field="body")
    return None


async def answer_other(send: Send, ctx: Context, allow: str) -> None:
    """Answer a method that a path does not serve: OPTIONS with those it serves, else a 405."""
    if ctx.scope["method"] == "OPTIONS":
        await send_raw(send, 204, b"", [(b"allow", allow.encode()), NO_STORE])
        return
    headers = (("allow", allow),)
    await send_error(
        send, ctx, ApiError(Kind.METHOD_NOT_ALLOWED, "method_not_allowed", headers=headers)
    )


async def not_found_page(resources: Resources, scope: Scope, send: Send) -> None:
    """The envelope for a path below /api that nothing serves."""
    await send_error(send, Context(resources, scope), ApiError(Kind.NOT_FOUND, "not_found"))
