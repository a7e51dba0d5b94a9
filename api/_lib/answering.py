"""Sends what a handler returned, or the error it raised, in the envelope."""

import gzip
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope, Send

from api._lib.context import Context, Headers, Resources
from api._lib.errors import ApiError, Kind
from api._lib.guard import REFRESH_COOKIE
from api._lib.messages import sentence
from api._lib.wire import (
    GZIP_FROM,
    Bare,
    Cookie,
    Empty,
    Encoded,
    Redirect,
    Reply,
    bare,
    failure,
    success,
)

JSON = (b"content-type", b"application/json; charset=utf-8")
NO_STORE = (b"cache-control", b"no-store")
PACKED = ((b"content-encoding", b"gzip"), (b"vary", b"accept-encoding"))
READS = "GET, HEAD, OPTIONS"
"""What a path that is only read allows."""
CLEARED = Cookie(REFRESH_COOKIE, "", 0)
RawHeaders = list[tuple[bytes, bytes]]


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
