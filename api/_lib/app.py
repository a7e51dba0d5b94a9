"""The whole server: endpoints, static files, and the frame round every answer."""

import asyncio
import itertools
import logging
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api._lib import metrics
from api._lib.answering import READS, answer_other, not_found_page, send_error, send_raw
from api._lib.backend import check_combination
from api._lib.clock import Clock
from api._lib.context import Context, Resources, open_resources
from api._lib.db import Database
from api._lib.dispatch import Page, as_api_error
from api._lib.docs import DOCS_ASSETS, openapi_page
from api._lib.errors import unauthorized, unavailable
from api._lib.framing import Framed, Framing
from api._lib.logs import request_id
from api._lib.router import ApiRouter, Handler, discover
from api._lib.settings import Settings
from api._lib.static import Client
from api._lib.sync import figures
from api._lib.sync.bridge import SyncBridge

log = logging.getLogger("api.request")
API_ROOT = Path(__file__).parent.parent
REQUEST_IDS = itertools.count()
PROCESS_ID = os.urandom(6).hex()


class App:
    """The ASGI application; outermost layer of every request."""

    def __init__(
        self, settings: Settings, clock: Clock | None = None, api_root: Path = API_ROOT
    ) -> None:
        check_combination(settings)
        self.settings = settings
        self.handlers = _endpoints(api_root)
        self.resources: Resources | None = None
        self._clock = clock
        self._router = ApiRouter(
            _pages(self.handlers, settings), default=Outside(settings), lifespan=self._lifespan
        )
        self._framing = Framing(settings.production)

    @asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        async with self.running():
            yield

    @asynccontextmanager
    async def running(self, database: Database | None = None) -> AsyncIterator["App"]:
        """Hold the resources open while the application serves, on a given database or its own."""
        async with AsyncExitStack() as stack:
            opened = open_resources(
                self.settings, clock=self._clock, bridge=SyncBridge, database=database
            )
            self.resources = await stack.enter_async_context(opened)
            self.resources.background.start(self.resources.airtable.limiter.announce())
            yield self

    @property
    def refusal(self) -> bytes:
        """What the server answers, below the status line, to bytes that are no request."""
        return self._framing.refusal()

    def stop(self, ends: float) -> None:
        """Ask every caller to close its connection; `ends` is when all must be done (monotonic)."""
        self._framing.stopping = True
        if self.resources is not None:
            self.resources.background.ends = ends

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request with its headers, its log line and its figure."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        started = time.perf_counter()
        scope["request_id"] = f"{PROCESS_ID}{next(REQUEST_IDS):08x}"
        request_id.set(scope["request_id"])
        scope["resources"] = self.resources
        framed = Framed(self._framing, scope, send)
        try:
            await self._router(scope, receive, framed.send)
        except asyncio.CancelledError:
            if self.resources is None or not self._framing.stopping:
                raise
            # The time to stop is over; whoever still waits is told so.
            await send_error(framed.send, Context(self.resources, scope), unavailable())
        except Exception as error:
            if self.resources is None:
                raise
            ctx = Context(self.resources, scope)
            await send_error(framed.send, ctx, as_api_error(error, scope))
        finally:
            _record(scope, framed.status, time.perf_counter() - started)


class Outside:
    """Everything no endpoint serves: unknown paths below /api, and the web client."""

    def __init__(self, settings: Settings) -> None:
        self._client = Client(Path(settings.static_dir))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the envelope below /api (in any case of letters), else with the client."""
        path = scope["path"].lower()
        if path == "/api" or path.startswith("/api/"):
            scope["route_template"] = "unknown"
            await not_found_page(scope["resources"], scope, send)
            return
        await self._client(scope, receive, send)


class MetricsPage:
    """`GET /metrics` for operators."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The figures, for those who know the token; open outside production when none is set."""
        scope["route_template"] = "/metrics"
        ctx = Context(scope["resources"], scope)
        if scope["method"] not in ("GET", "HEAD"):
            await answer_other(send, ctx, READS)
            return
        settings, given = ctx.settings, ctx.headers.get("authorization", "")
        if not metrics.may_read(given, settings.metrics_token, production=settings.production):
            await send_error(send, ctx, unauthorized())
            return
        body = await figures.measured(ctx.resources)
        kind = (b"content-type", metrics.CONTENT_TYPE.encode())
        head = scope["method"] == "HEAD"
        await send_raw(send, 200, body, [kind, (b"cache-control", b"no-store")], head=head)


@cache
def _endpoints(root: Path) -> tuple[Handler, ...]:
    """Found once per process: neither the files nor their signatures change while it runs."""
    return tuple(discover(root))


def _pages(handlers: Iterable[Handler], settings: Settings) -> dict[str, ASGIApp]:
    by_path: dict[str, list[Handler]] = defaultdict(list)
    for handler in handlers:
        by_path[handler.path].append(handler)
    pages: dict[str, ASGIApp] = {path: Page(path, group) for path, group in by_path.items()}
    pages["/metrics"] = MetricsPage()
    pages["/api/openapi.json"] = openapi_page(handlers, settings.app_version)
    pages |= DOCS_ASSETS
    return pages


_labelled: dict[tuple[str, str, int], Any] = {}


def _record(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route_template", "unknown")
    key = (route, scope["method"], status)
    if key not in _labelled:
        _labelled[key] = metrics.requests.labels(route, scope["method"], str(status))
    _labelled[key].observe(seconds)
    if not log.isEnabledFor(logging.INFO):
        return
    log.info(
        "request",
        extra={
            "request_id": scope["request_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "user_id": scope.get("user_id"),
        },
    )
