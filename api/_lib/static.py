"""The built web client: its files, and its page for every address that is no file."""

import gzip
import logging
import mimetypes
from pathlib import Path, PurePosixPath

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from api._lib.answering import accepts_gzip, send_error
from api._lib.context import Context
from api._lib.errors import ApiError, Kind, not_found
from api._lib.wire import GZIP_FROM

log = logging.getLogger(__name__)
FRESH = "no-cache, no-store, must-revalidate"
REVALIDATED = "public, max-age=0"
FOREVER = "public, max-age=31536000, immutable"
SERVICE_WORKERS = frozenset({"/sw.js", "/registerSW.js"})
TYPES = {
    ".js": "application/javascript",
    ".mjs": "application/javascript",
    ".webmanifest": "application/manifest+json",
}
TEXT_TYPES = ("text/", "application/javascript", "application/json", "image/svg+xml")


class Client:
    """Serves one folder; resolved paths outside it do not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._shell = self._folder / "index.html"
        self._packed: dict[tuple[str, float], bytes] = {}
        if not self._shell.is_file():
            log.warning("no web client is built; pages answer 404", extra={"folder": folder.name})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request outside /api."""
        ctx = Context(scope["resources"], scope)
        scope["route_template"] = "static"
        if scope["method"] not in ("GET", "HEAD"):
            allow = (("allow", "GET, HEAD"),)
            error = ApiError(Kind.METHOD_NOT_ALLOWED, "method_not_allowed", headers=allow)
            await send_error(send, ctx, error)
            return
        path = scope["path"]
        file = self._find(path)
        if file is None:
            await send_error(send, ctx, not_found())
            return
        await self._respond(file, path, ctx)(scope, receive, send)

    def _find(self, path: str) -> Path | None:
        """The file for a path; the shell for a page of the client; nothing else (F-H5)."""
        parts = PurePosixPath(path.lstrip("/")).parts
        if "\0" in path or any(part.startswith(".") for part in parts):
            return None
        file = (self._folder / path.lstrip("/")).resolve()
        if file.is_relative_to(self._folder) and _is_file(file):
            return file
        is_page = not PurePosixPath(path).suffix and not path.startswith("/assets")
        inside = file.is_relative_to(self._folder)
        return self._shell if is_page and inside and self._shell.is_file() else None

    def _respond(self, file: Path, path: str, ctx: Context) -> Response:
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        headers = {"cache-control": self._cache_control(file, path)}
        response = FileResponse(file, media_type=kind or "application/octet-stream")
        response.headers.update(headers)
        stat = file.stat()
        response.set_stat_headers(stat)
        if response.headers["etag"] in ctx.headers.get("if-none-match", ""):
            kept = {"etag": response.headers["etag"], **headers}
            return Response(status_code=304, headers=kept)
        if self._is_worth_packing(kind, stat.st_size, ctx):
            return self._packed_response(file, stat.st_mtime, response)
        return response

    def _is_worth_packing(self, kind: str | None, size: int, ctx: Context) -> bool:
        is_text = bool(kind) and str(kind).startswith(TEXT_TYPES)
        fits = GZIP_FROM <= size <= 4_000_000 and "range" not in ctx.headers
        return is_text and fits and accepts_gzip(ctx.headers)

    def _packed_response(self, file: Path, changed: float, plain: FileResponse) -> Response:
        key = (str(file), changed)
        if key not in self._packed:
            self._packed[key] = gzip.compress(file.read_bytes(), 6)
        headers = {name: plain.headers[name] for name in ("cache-control", "etag", "last-modified")}
        headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(self._packed[key], headers=headers, media_type=plain.media_type)

    def _cache_control(self, file: Path, path: str) -> str:
        if file == self._shell or path in SERVICE_WORKERS:
            return FRESH
        return FOREVER if path.startswith("/assets/") else REVALIDATED


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is longer than the file system takes
        return False
