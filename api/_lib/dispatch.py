"""Runs one request: method, guard, body, handler, and the answer to whatever comes of it."""

import logging
from collections.abc import Iterable
from typing import Any

import asyncpg
from msgspec import structs
from starlette.types import Receive, Scope, Send

from api._lib.airtable.errors import (
    AirtableError,
    NotSentError,
    ThrottledError,
    TransientError,
)
from api._lib.answering import answer_other, send_error, send_result
from api._lib.context import Admin, Context, User
from api._lib.db import GAVE_WAY, DatabaseUnavailableError
from api._lib.decoding import convert
from api._lib.errors import ApiError, Kind, bad_request, unauthorized, unavailable
from api._lib.guard import is_signed, pass_guard
from api._lib.reading import DisconnectedError, is_well_formed, query_pairs, read_once
from api._lib.router import Handler

log = logging.getLogger(__name__)


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
            await read_once(ctx, receive)
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
                await read_once(ctx, receive)
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
    if b"%" in ctx.scope.get("raw_path", b"") and not is_well_formed(ctx.scope["raw_path"]):
        raise bad_request("bad_path")
    value = ctx.scope["path_params"][field]
    if "\0" in value or len(value) > 512:
        raise bad_request("field_invalid", field=field)
    return convert(value, handler.path_types[name], field)


def as_api_error(error: Exception, scope: Scope) -> ApiError:
    """The answer an exception stands for; what it says itself goes to the log only (F-H1)."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DatabaseUnavailableError):
        log.warning("postgres is away", extra={"reason": str(error)})
        return unavailable()
    if isinstance(error, GAVE_WAY):
        log.warning("gave way to another transaction", extra={"reason": type(error).__name__})
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
