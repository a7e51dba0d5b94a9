"""The HTTP side: a page that shows the mails, and the same as JSON."""

from pathlib import Path

import msgspec
from aiohttp import web

from tasks.dev.mailbox.letters import Letters

PAGE = Path(__file__).with_name("page.html")
FRESH = {"Cache-Control": "no-store"}


def application(letters: Letters) -> web.Application:
    """`/` is the page, `/messages?to=ADDRESS` the mails, newest first; DELETE empties the box."""

    async def page(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE, headers=FRESH)

    async def messages(request: web.Request) -> web.Response:
        return _json(letters.to(request.query.get("to", "")))

    async def clear(_: web.Request) -> web.Response:
        letters.clear()
        return _json([])

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/messages", messages)
    app.router.add_delete("/messages", clear)
    return app


def _json(data: object) -> web.Response:
    body = msgspec.json.encode(data)
    return web.Response(body=body, content_type="application/json", headers=FRESH)
