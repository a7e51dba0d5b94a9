"""`GET /api/auth/me` and the guard of all signed-in routes."""

import httpx

from tests.endpoints.conftest import MakePerson
from tests.people import Person


async def test_a_signed_in_user_is_told_who_they_are(
    client: httpx.AsyncClient, person: Person
) -> None:
    answer = await client.get("/api/auth/me", headers=person.headers)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["id"], data["email"]) == (person.id, person.email)
    assert "company" not in data
    assert "lastLogin" not in data


async def test_it_takes_one_statement(
    client: httpx.AsyncClient, person: Person, statements: list[str]
) -> None:
    await client.get("/api/auth/me", headers=person.headers)
    assert len(statements) == 1


async def test_a_blocked_user_is_refused_at_once(
    client: httpx.AsyncClient, make_person: MakePerson
) -> None:
    blocked = await make_person(status="disabled")
    answer = await client.get("/api/auth/me", headers=blocked.headers)
    assert answer.status_code == 403
    assert answer.json()["success"] is False
