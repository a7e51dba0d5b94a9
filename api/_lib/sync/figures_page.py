"""`GET /metrics` of a worker, which has no other page."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from api._lib import metrics
from api._lib.context import Resources
from api._lib.messages import preferred_language, sentence
from api._lib.sync import figures
from api._lib.wire import failure

log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(resources: Resources) -> AsyncIterator[None]:
    """Publish the figures on METRICS_PORT while the block runs."""
    settings = resources.settings
    app = web.Application()
    app.router.add_get("/metrics", _Page(resources))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.listen_host, settings.metrics_port).start()
    except OSError as error:
        # Several workers on one machine share the settings; sending goes before counting.
        log.warning("METRICS_PORT cannot be used", extra={"reason": error.strerror})
    try:
        yield
    finally:
        await runner.cleanup()


class _Page:
    """`GET /metrics` of a worker."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def __call__(self, request: web.Request) -> web.Response:
        settings = self._resources.settings
        given = request.headers.get("authorization", "")
        if not metrics.may_read(given, settings.metrics_token, production=settings.production):
            return _refusal(request)
        body = await figures.measured(self._resources)
        return web.Response(body=body, headers={"content-type": metrics.CONTENT_TYPE})


def _refusal(request: web.Request) -> web.Response:
    language = preferred_language(request.headers.get("accept-language", ""))
    body = failure(sentence("unauthorized", language))
    return web.Response(status=401, body=body, content_type="application/json")
