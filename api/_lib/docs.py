"""The documentation of the API: the OpenAPI document and a page that shows it."""

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import msgspec
from starlette.types import Receive, Scope, Send

from api._lib.answering import JSON, NO_STORE, READS, answer_other, send_encoded
from api._lib.context import Context
from api._lib.openapi import document
from api._lib.router import Handler
from api._lib.wire import packed

ASSETS = Path(__file__).parent / "docs_assets"
CACHED = (b"cache-control", b"public, max-age=3600")


class Fixed:
    """One unchanging answer to GET and HEAD, made when it is first asked for."""

    def __init__(
        self, path: str, make: Callable[[], bytes], headers: list[tuple[bytes, bytes]]
    ) -> None:
        self._path = path
        self._answer = cache(lambda: packed(make()))
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the body, or what the method deserves."""
        scope["route_template"] = self._path
        ctx = Context(scope["resources"], scope)
        if scope["method"] in ("GET", "HEAD"):
            await send_encoded(send, ctx, self._answer(), self._headers)
        else:
            await answer_other(send, ctx, READS)


def openapi_page(handlers: Iterable[Handler], version: str) -> Fixed:
    """`GET /api/openapi.json`."""
    path = "/api/openapi.json"
    return Fixed(path, lambda: msgspec.json.encode(document(handlers, version)), [JSON, NO_STORE])


def _asset(name: str, kind: str) -> Fixed:
    headers = [(b"content-type", f"{kind}; charset=utf-8".encode()), CACHED]
    return Fixed(f"/api/docs/{name}", (ASSETS / name).read_bytes, headers)


DOCS_ASSETS = {
    "/api/docs": _asset("index.html", "text/html"),
    "/api/docs/docs.css": _asset("docs.css", "text/css"),
    "/api/docs/docs.js": _asset("docs.js", "application/javascript"),
}
