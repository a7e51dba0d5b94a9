"""The control methods over HTTP: POST /_control/METHOD with a JSON object of arguments."""

from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.control import Control
from tasks.dev.airtable.errors import AirtableError
from tasks.dev.airtable.overview import overview, table_page
from tasks.dev.airtable.seen import seen

METHODS: Final = {name for name in vars(Control) if name[0] != "_"} - {"wait_for"}


def control_routes(base: Base) -> list[Route]:
    """Return the routes of the control API."""
    control = Control(base)

    async def call(request: Request) -> Response:
        return await run_in_threadpool(_call, control, request, await request.body())

    async def tables(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(overview, base))

    async def rows(request: Request) -> Response:
        return await run_in_threadpool(_rows, base, request)

    async def picture(request: Request) -> Response:
        return await run_in_threadpool(seen, base, request)

    return [
        Route("/_control/tables", tables),
        Route("/_control/rows", rows),
        Route("/_control/seen.svg", picture),
        Route("/_control/{method}", call, methods=["POST"]),
    ]


def _rows(base: Base, request: Request) -> Response:
    query = request.query_params
    try:
        return JSONResponse(table_page(base, query.get("table", ""), query.get("search", "")))
    except AirtableError as error:
        return JSONResponse(error.body, error.status)


def _call(control: Control, request: Request, body: bytes) -> Response:
    method = request.path_params["method"]
    if method not in METHODS:
        return JSONResponse({"error": "NOT_FOUND"}, 404)
    try:
        arguments = msgspec.json.decode(body or b"{}", type=dict[str, Any])
        return JSONResponse({"result": getattr(control, method)(**arguments)})
    except AirtableError as error:
        return JSONResponse(error.body, error.status)
    except (TypeError, KeyError, ValueError) as error:
        return JSONResponse({"error": {"type": "BAD_CONTROL_CALL", "message": str(error)}}, 400)
