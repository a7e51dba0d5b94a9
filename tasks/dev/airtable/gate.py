"""The way of a request through the API: token, base, limit, bad weather, then the rule itself."""

import asyncio
import hmac
from collections.abc import Callable
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.call import Call
from tasks.dev.airtable.errors import AirtableError, no_access, not_found, unauthorized
from tasks.dev.airtable.faults import Fault
from tasks.dev.airtable.ids import is_base_id
from tasks.dev.airtable.journal import Entry

MAX_URL: Final = 16_000

Rule = Callable[[Base, Call], Any]


class Gate:
    """An endpoint of the API: one rule per method, each with the scope it needs."""

    def __init__(self, base: Base, rules: dict[str, tuple[Rule, str | None]]) -> None:
        self.base = base
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or drop its connection when a fault says so."""
        request = Request(scope, receive)
        with self.base.lock:
            entry = self._note(request)
        body = await request.body()
        response = await self._answer(request, body, entry)
        if response is None:
            await _drop(scope)
            return
        entry.status = response.status_code
        await response(scope, receive, send)

    def _note(self, request: Request) -> Entry:
        now, path = self.base.clock.seconds(), request.url.path
        return self.base.journal.open(now, request.method, path, self._table_id(request))

    def _table_id(self, request: Request) -> str | None:
        key = request.path_params.get("table")
        table = self.base.state.schema.table(key) if key else None
        return table.id if table else None

    async def _answer(self, request: Request, body: bytes, entry: Entry) -> Response | None:
        try:
            with self.base.lock:
                rule = self._admit(request)
                fault = self._fault(request, body, entry)
            await asyncio.sleep(self.base.latency + (fault.latency if fault else 0))
            if fault and fault.when == "before" and _spoils(fault):
                return _spoilt(fault)
            answer = self._run(rule, request, body)
        except AirtableError as error:
            return _json(error.status, error.body)
        return _spoilt(fault) if fault and _spoils(fault) else _json(200, answer)

    def _admit(self, request: Request) -> Rule:
        if len(str(request.url)) > MAX_URL:
            raise AirtableError(414, "URI_TOO_LONG", f"URLs have at most {MAX_URL} characters")
        expected = f"Bearer {self.base.options.token}".encode()
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            raise unauthorized()
        self._check_base(request.path_params.get("base"))
        if request.method not in self.rules:
            raise not_found()
        rule, scope = self.rules[request.method]
        if scope and scope not in self.base.scopes:
            raise no_access()
        return rule

    def _check_base(self, base_id: str | None) -> None:
        if base_id is None:
            return
        if not is_base_id(base_id):
            raise not_found()
        if base_id != self.base.options.base_id:
            raise no_access()
        self.base.limiter.admit()

    def _fault(self, request: Request, body: bytes, entry: Entry) -> Fault | None:
        text = f"{request.url.path}?{request.url.query}\n{body.decode('utf-8', 'replace')}"
        return self.base.faults.take(request.method, entry.table, text)

    def _run(self, rule: Rule, request: Request, body: bytes) -> Any:
        call = Call(request.method, request.path_params, request.query_params, body)
        with self.base.lock:
            return rule(self.base, call)


def _spoils(fault: Fault) -> bool:
    return fault.drop or fault.status is not None


def _spoilt(fault: Fault) -> Response | None:
    error = fault.error()
    if fault.drop or error is None:
        return None
    response = _json(error.status, error.body)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _json(status: int, content: Any) -> Response:
    body = b"" if content is None else msgspec.json.encode(content)
    return Response(body, status, media_type="application/json")


async def _drop(scope: Scope) -> None:
    """Close the connection without a word; the server's protocol class lends its transport."""
    scope["extensions"]["transport"].abort()
    await asyncio.sleep(0.01)  # the server must notice before the request counts as answered
