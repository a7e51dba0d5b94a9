"""The HTTP server: the API under /v0, the attachments, the control API and the page."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tasks.dev.airtable import meta_api, records_api, webhooks_api
from tasks.dev.airtable.base import Base
from tasks.dev.airtable.control_api import control_routes
from tasks.dev.airtable.files import file_for
from tasks.dev.airtable.gate import Gate, Rule
from tasks.dev.airtable.page import page_routes

READ, WRITE, SCHEMA = "data.records:read", "data.records:write", "schema.bases:read"
SCHEMA_WRITE, WEBHOOKS = "schema.bases:write", "webhook:manage"

Rules = dict[str, tuple[Rule, str | None]]
ENDPOINTS: dict[str, Rules] = {
    "/v0/meta/whoami": {"GET": (meta_api.whoami, None)},
    "/v0/meta/bases": {"GET": (meta_api.list_bases, SCHEMA)},
    "/v0/meta/bases/{base}/tables": {"GET": (meta_api.list_tables, SCHEMA)},
    "/v0/meta/bases/{base}/tables/{table}/fields": {"POST": (meta_api.add_field, SCHEMA_WRITE)},
    "/v0/bases/{base}/webhooks": {
        "GET": (webhooks_api.list_webhooks, WEBHOOKS),
        "POST": (webhooks_api.create_webhook, WEBHOOKS),
    },
    "/v0/bases/{base}/webhooks/{webhook}": {"DELETE": (webhooks_api.delete_webhook, WEBHOOKS)},
    "/v0/bases/{base}/webhooks/{webhook}/refresh": {
        "POST": (webhooks_api.refresh_webhook, WEBHOOKS)
    },
    "/v0/bases/{base}/webhooks/{webhook}/enableNotifications": {
        "POST": (webhooks_api.enable_notifications, WEBHOOKS)
    },
    "/v0/bases/{base}/webhooks/{webhook}/payloads": {"GET": (webhooks_api.list_payloads, WEBHOOKS)},
    "/v0/{base}/{table}": {
        "GET": (records_api.list_records, READ),
        "POST": (records_api.create_records, WRITE),
        "PATCH": (records_api.update_records, WRITE),
        "PUT": (records_api.update_records, WRITE),
        "DELETE": (records_api.delete_records, WRITE),
    },
    "/v0/{base}/{table}/listRecords": {"POST": (records_api.list_by_post, READ)},
    "/v0/{base}/{table}/{record}": {
        "GET": (records_api.get_record, READ),
        "PATCH": (records_api.update_record, WRITE),
        "PUT": (records_api.update_record, WRITE),
        "DELETE": (records_api.delete_record, WRITE),
    },
}


class StandInProtocol(HttpToolsProtocol):
    """Lends each request its connection, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        """Begin a request whose scope carries the transport."""
        super().on_message_begin()
        self.scope["extensions"] = {"transport": self.transport}  # type: ignore[dict-item]  # ours


def build_app(base: Base) -> Starlette:
    """Return the whole server as one ASGI application."""
    api = [Route(path, Gate(base, rules)) for path, rules in ENDPOINTS.items()]

    async def attachment(request: Request) -> Response:
        return _attachment(base, request)

    async def unknown(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "NOT_FOUND"}, 404)

    path = "/attachments/{name}/{variant}/{expires}/{nonce}/{signature}/{filename:path}"
    routes = [*control_routes(base), *page_routes(), Route(path, attachment), *api]
    return Starlette(routes=routes, exception_handlers={404: unknown})


def server_config(base: Base) -> Config:
    """Return the settings uvicorn runs the stand-in with."""
    return Config(
        build_app(base), http=StandInProtocol, log_level="warning", lifespan="off", ws="none"
    )


def _attachment(base: Base, request: Request) -> Response:
    names = ("name", "variant", "expires", "nonce", "signature")
    if not base.state.signer.valid(*(request.path_params[name] for name in names)):
        return Response("Expired or invalid link", 410, media_type="text/plain")
    body, media_type = file_for(request.path_params["filename"])
    return Response(body, media_type=media_type, headers={"Cache-Control": "private, max-age=600"})
