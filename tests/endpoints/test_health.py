"""`GET /api/health`: one body for those who read the envelope and for those who do not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from msgspec import structs

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings

NOWHERE = "127.0.0.1:9"


@asynccontextmanager
async def calling(settings: Settings, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with these settings."""
    app = App(settings, clock=clock)
    transport = httpx.ASGITransport(app)
    async with app.running(), httpx.AsyncClient(transport=transport, base_url="http://x") as calls:
        yield calls


async def test_16_5_all_is_well_in_both_ways_of_saying_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/health")
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    frame = ["success", "data", "status", "timestamp", "version", "commit"]
    assert list(body) == [*frame, "postgres", "redis", "worker", "sync"]
    assert (body["success"], body["status"], body["data"]["status"]) == (True, "ok", "healthy")
    assert body["data"]["timestamp"] == body["timestamp"]
    assert (body["version"], body["commit"]) == ("dev", None)
    figures = body["postgres"]
    assert (figures["status"], figures["migrationsPending"]) == ("ok", 0)
    assert (figures["pendingOutbox"], figures["oldestPendingSeconds"]) == (0, None)
    assert body["worker"] == {"lastSeenAt": None}
    assert body["sync"]["lastFullPollSyncAt"] is None
    head = await client.head("/api/health")
    assert (head.status_code, head.content) == (200, b"")


async def test_F_H8_without_postgres_it_is_503_and_tells_no_details(
    settings: Settings, clock: ManualClock
) -> None:
    url = f"postgresql://mfa:hunter2@{NOWHERE}/mfa"
    async with calling(structs.replace(settings, database_url=url), clock) as calls:
        answer = await calls.get("/api/health")
        assert (await calls.head("/api/health")).status_code == 503
    body = answer.json()
    assert answer.status_code == 503
    assert (body["success"], body["status"], body["data"]["status"]) == (
        False,
        "degraded",
        "degraded",
    )
    assert isinstance(body["error"], str)
    assert body["postgres"] == {"status": "error"}
    assert "sync" not in body
    assert NOWHERE not in answer.text


async def test_16_5_without_redis_it_stays_200(settings: Settings, clock: ManualClock) -> None:
    for url, state in ((f"redis://{NOWHERE}/0", "degraded"), (None, "unavailable")):
        async with calling(structs.replace(settings, redis_url=url), clock) as calls:
            answer = await calls.get("/api/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["redis"] == {"status": state}


async def degraded(client: httpx.AsyncClient) -> dict[str, Any]:
    """The body of an answer that is 200 all the same."""
    answer = await client.get("/api/health")
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["success"]) == (200, True)
    assert (body["status"], body["data"]["status"]) == ("degraded", "degraded")
    return body


async def test_a_migration_that_waits_degrades(client: httpx.AsyncClient, db: Database) -> None:
    await db.execute("DELETE FROM schema_migrations WHERE id = '0009_notifications.sql'")
    assert (await degraded(client))["postgres"]["migrationsPending"] == 1


async def test_a_table_without_app_id_degrades(client: httpx.AsyncClient, db: Database) -> None:
    counts = {"tablesWithoutAppId": ["users", "habitUsage"]}
    await db.execute("INSERT INTO sync_gates (key, counts) VALUES ('base', $1)", counts)
    assert (await degraded(client))["sync"]["tablesWithoutAppId"] == ["habitUsage", "users"]


async def test_a_database_without_tables_answers_what_it_knows(
    settings: Settings, clock: ManualClock, empty_database_url: str
) -> None:
    async with calling(structs.replace(settings, database_url=empty_database_url), clock) as calls:
        body = await degraded(calls)
    figures = body["postgres"]
    assert figures["migrationsPending"] > 0
    assert figures["pendingOutbox"] is None
    assert set(figures["notifications"].values()) == {None}
