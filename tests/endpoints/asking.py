"""Asking the application as somebody, and looking at what it does to the database."""

from typing import Any

import httpx
from msgspec import Struct

from tests.people import Person


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


class Asking:
    """A person who calls the application."""

    def __init__(self, client: httpx.AsyncClient, person: Person) -> None:
        self.id = person.id
        self._client = client
        self._headers = {**person.headers, "content-type": "application/json"}

    async def get(self, path: str, **query: Any) -> Answer:
        """GET with query parameters."""
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, key: str | None = None, **body: Any) -> Answer:
        """POST a JSON body, with an `Idempotency-Key` when one is given."""
        headers = {"idempotency-key": key} if key is not None else {}
        return await self.ask("POST", path, json=body, headers=headers)

    async def patch(self, path: str, **body: Any) -> Answer:
        """PATCH with a JSON body."""
        return await self.ask("PATCH", path, json=body)

    async def delete(self, path: str, **query: Any) -> Answer:
        """DELETE with query parameters."""
        return await self.ask("DELETE", path, params=query)

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """Any request; the answer must be JSON."""
        everything = self._headers | (headers or {})
        response = await self._client.request(method, f"/api/{path}", headers=everything, **options)
        return Answer(response.status_code, response.json())


def inside(statements: list[str]) -> list[str]:
    """The statements between BEGIN and COMMIT; there must be one transaction."""
    begins = [n for n, sql in enumerate(statements) if sql.startswith("BEGIN")]
    ends = [n for n, sql in enumerate(statements) if sql.startswith("COMMIT")]
    assert (len(begins), len(ends)) == (1, 1), statements
    return statements[begins[0] + 1 : ends[0]]
