"""The server as one person sees it over HTTP, and every statement it runs meanwhile."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import httpx
from msgspec import Struct

from api._lib.accounts import tokens
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings


class Answer(Struct, frozen=True):
    """Status and decoded body of an answer."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        """What a success carries."""
        assert self.body["success"] is True, self.body
        return self.body["data"]

    @property
    def error(self) -> str:
        """The sentence of a failure."""
        assert self.body["success"] is False, self.body
        return str(self.body["error"])


class Person:
    """Somebody with a valid access token, asking the server."""

    def __init__(self, server: "Server", user_id: str, token: str) -> None:
        self.id = user_id
        self._server = server
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async def get(self, path: str, **query: object) -> Answer:
        """GET with query parameters."""
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, key: str | None = None, **body: object) -> Answer:
        """POST a JSON body, with an `Idempotency-Key` when one is given."""
        headers = {"idempotency-key": key} if key is not None else {}
        return await self.ask("POST", path, json=body, headers=headers)

    async def patch(self, path: str, **body: object) -> Answer:
        """PATCH with a JSON body."""
        return await self.ask("PATCH", path, json=body)

    async def delete(self, path: str, **query: object) -> Answer:
        """DELETE with query parameters."""
        return await self.ask("DELETE", path, params=query)

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """Any request; the answer must be JSON."""
        everything = self._headers | (headers or {})
        response = await self._server.http.request(
            method, f"/api/{path}", headers=everything, **options
        )
        return Answer(response.status_code, response.json())


class Server:
    """The application on a database, called without a network between."""

    def __init__(self, app: App, http: httpx.AsyncClient, clock: ManualClock) -> None:
        self.app = app
        self.http = http
        self.clock = clock

    @property
    def db(self) -> Database:
        """The pool of the application itself."""
        assert self.app.resources is not None
        return self.app.resources.db

    async def sign_in(self, user_id: str) -> Person:
        """Open a session of a user as a login does."""
        sid: UUID = await self.db.fetchval(
            "INSERT INTO auth_sessions (user_id, expires_at, current_jti)"
            " VALUES ($1, $2::timestamptz + interval '7 days', gen_random_uuid()) RETURNING sid",
            user_id,
            self.clock.now(),
        )
        secret = self.app.settings.jwt_secret
        email = f"{user_id.lower()}@example.com"
        token = tokens.issue(secret, "access", user_id, email, self.clock.now(), sid)
        return Person(self, user_id, token)

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Every statement of the application while the block runs, with the guard's left out."""
        seen: list[str] = []
        self.db.observe(seen.append)
        mine: list[str] = []
        yield mine
        mine.extend(sql for sql in seen if "auth_sessions" not in sql)
        seen.clear()


def inside(statements: list[str]) -> list[str]:
    """The statements between BEGIN and COMMIT; there must be one transaction."""
    begins = [n for n, sql in enumerate(statements) if sql.startswith("BEGIN")]
    ends = [n for n, sql in enumerate(statements) if sql.startswith("COMMIT")]
    assert (len(begins), len(ends)) == (1, 1), statements
    return statements[begins[0] + 1 : ends[0]]


@asynccontextmanager
async def serve(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    """The running application."""
    app = App(settings, clock)
    async with app.running():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Server(app, http, clock)
