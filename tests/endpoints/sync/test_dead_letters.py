"""Operators see dead letters over HTTP and send them again."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec import structs

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings

SECRET = "the-secret-of-the-automations"
HEADERS = {"x-sync-secret": SECRET}
LIST, REPLAY = "/api/sync/dead-letters", "/api/sync/replay-dead-letter"


@pytest.fixture
async def app(settings: Settings, clock: ManualClock) -> AsyncIterator[App]:
    """The application with a secret for automations."""
    known = structs.replace(settings, airtable_inbound_sync_secret=SECRET)
    async with App(known, clock=clock).running() as running:
        yield running


@pytest.fixture
async def letter(db: Database) -> int:
    """A dead letter of a habit tick."""
    made: int = await db.fetchval(
        """
        WITH event AS (
            INSERT INTO outbox_events (entity_type, entity_id, operation, status, processed_at)
            VALUES ('goede_gewoonte_usage', gen_random_uuid()::text, 'upsert', 'dead_letter', now())
            RETURNING *)
        INSERT INTO outbox_dead_letters
            (outbox_id, entity_type, entity_id, operation, payload, error_class, http_status,
             error_message, attempts)
        SELECT id, entity_type, entity_id, operation, '{"secret": 1}', 'permanent', 422, 'no', 2
        FROM event RETURNING id"""
    )
    return made


async def ask(client: httpx.AsyncClient, **params: Any) -> Any:
    answer = await client.get(LIST, params=params, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def replay(client: httpx.AsyncClient, body: object) -> httpx.Response:
    return await client.post(REPLAY, json=body, headers=HEADERS)


async def test_letters_are_shown_without_contents(client: httpx.AsyncClient, letter: int) -> None:
    (shown,) = await ask(client)
    assert shown["id"] == letter
    assert shown["eventType"] == "upsert"
    assert shown["httpStatus"] == 422
    assert shown["resolvedAt"] is None
    assert shown["failedAt"].endswith("Z")
    assert "payload" not in shown


async def test_letters_are_searched(client: httpx.AsyncClient, letter: int) -> None:
    assert len(await ask(client, entityType="goede_gewoonte_usage", errorClass="permanent")) == 1
    assert await ask(client, entityType="program") == []
    await replay(client, {"id": letter})
    assert await ask(client) == []
    (settled,) = await ask(client, includeResolved="true")
    assert settled["resolution"] == "replayed"


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"entityType": "x"}, {"errorClass": "x"}]
)
async def test_bad_questions_are_refused(client: httpx.AsyncClient, params: Any) -> None:
    answer = await client.get(LIST, params=params, headers=HEADERS)
    assert answer.status_code == 400
    assert answer.json()["success"] is False


@pytest.mark.parametrize("form", [int, str])
async def test_one_letter_is_replayed_once(
    client: httpx.AsyncClient, db: Database, letter: int, form: type
) -> None:
    answer = await replay(client, {"id": form(letter)})
    assert answer.json() == {"success": True, "data": {"replayed": True, "id": letter}}
    assert await db.fetchval("SELECT status FROM outbox_events") == "pending"
    again = await replay(client, {"id": form(letter)})
    assert again.json()["data"] == {"replayed": False, "id": letter}


@pytest.mark.parametrize(
    "body", [{"entityType": "goede_gewoonte_usage"}, {"errorClass": "permanent"}]
)
async def test_letters_of_a_kind_are_replayed(
    client: httpx.AsyncClient, letter: int, body: object
) -> None:
    assert (await replay(client, body)).json()["data"] == {"replayed": 1}
    assert (await replay(client, {"ids": [letter]})).json()["data"] == {"replayed": 0}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": 0},
        {"id": -1},
        {"id": 1.5},
        {"id": "x"},
        {"id": "0"},
        {"id": True},
        {"id": 2**64},
        {"ids": []},
        {"ids": [1] * 101},
        {"ids": ["x"]},
        {"entityType": "x"},
        [],
    ],
)
async def test_bad_replays_are_refused(
    client: httpx.AsyncClient, letter: int, body: object
) -> None:
    assert (await replay(client, body)).status_code == 400


async def test_an_unknown_letter_is_not_found(client: httpx.AsyncClient, letter: int) -> None:
    assert (await replay(client, {"id": letter + 1})).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"x-sync-secret": "wrong"}])
async def test_P3_only_who_knows_the_secret(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.get(LIST, headers=headers)).status_code == 401
    assert (await client.post(REPLAY, json={"id": 1}, headers=headers)).status_code == 401
