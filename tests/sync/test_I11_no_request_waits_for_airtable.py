"""I11: no request waits for Airtable, reading an unknown person and renewing a file apart."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tasks.dev.airtable.testing import AirtableServer
from tests.people import Person, add_person
from tests.tracking.seed import add_content

SLOW = 20.0
"""Longer than anybody may wait."""


@pytest.fixture
def settings(airtable_environ: dict[str, str]) -> Settings:
    """Settings of an application that talks to the stand-in."""
    return load_settings(airtable_environ, Role.APP)


@pytest.fixture
async def app(settings: Settings, clock: ManualClock) -> AsyncIterator[App]:
    """The running application."""
    async with App(settings, clock=clock).running() as running:
        yield running


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://mfa.test") as calls:
        yield calls


@pytest.fixture
async def person(app: App, settings: Settings, clock: ManualClock) -> Person:
    """Somebody with content to act on."""
    assert app.resources is not None
    await add_content(app.resources.db)
    return await add_person(app.resources.db, settings.jwt_secret, clock.now())


async def test_nothing_people_do_asks_airtable(
    client: httpx.AsyncClient, person: Person, airtable: AirtableServer, clock: ManualClock
) -> None:
    airtable.control.latency(SLOW)
    day = clock.now().date().isoformat()
    mine = {"userId": person.id}
    habits = (await client.get("/api/methods/habits", headers=person.headers)).json()["data"]
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/api/health", None),
        ("GET", "/api/auth/me", None),
        ("GET", "/api/methods", None),
        ("GET", "/api/goals", None),
        ("GET", "/api/days", None),
        ("GET", "/api/overtuigingen", None),
        ("GET", "/api/mindset-categories", None),
        ("GET", "/api/programs", None),
        ("GET", "/api/rewards", None),
        ("GET", f"/api/habit-usage?date={day}", None),
        ("GET", "/api/personal-goals", None),
        ("POST", "/api/personal-goals", {**mine, "name": "Wandelen"}),
        *(
            ("POST", "/api/habit-usage", {**mine, "goedeGewoonteId": h["id"], "date": day})
            for h in habits[:1]
        ),
    ]
    for method, path, body in requests:
        began = time.monotonic()
        answer = await client.request(method, path, json=body, headers=person.headers)
        assert answer.status_code in (200, 201), (path, answer.text)
        assert time.monotonic() - began < SLOW / 4
    assert airtable.control.requests() == []


async def test_P1_health_asks_nobody_and_knows_when_everything_was_listed(
    client: httpx.AsyncClient, app: App, airtable: AirtableServer, clock: ManualClock
) -> None:
    assert app.resources is not None
    await app.resources.db.execute(
        "INSERT INTO sync_gates (key, last_ok_at) VALUES ('full', $1), ('airtable', now())",
        clock.now(),
    )
    airtable.control.latency(SLOW)
    seen = (await client.get("/api/health")).json()["sync"]
    assert datetime.fromisoformat(seen["lastFullPollSyncAt"]) == clock.now()
    assert seen["airtableConnectivity"] == "ok"
    assert airtable.control.requests() == []


async def test_renewing_a_file_waits_three_seconds_at_most(
    client: httpx.AsyncClient, app: App, airtable: AirtableServer, clock: ManualClock
) -> None:
    assert app.resources is not None
    await app.resources.db.execute(
        """INSERT INTO methods (id, name, photo_url, photo_filename, photo_fetched_at)
           VALUES ('recMethPhoto00001', 'x', 'https://files.test/x', 'x.png', $1)""",
        clock.now() - timedelta(hours=1, minutes=40),
    )
    airtable.control.latency(SLOW)
    began = time.monotonic()
    answer = await client.get("/api/attachments/recMethPhoto00001/x.png")
    assert answer.status_code == 302
    assert time.monotonic() - began < 5


async def test_a_known_person_logs_in_while_airtable_is_away(
    client: httpx.AsyncClient, person: Person, airtable: AirtableServer
) -> None:
    airtable.control.fault(status=503, count=0)
    async with asyncio.timeout(10):
        answer = await client.post(
            "/api/auth/login", json={"email": person.email, "password": "wrong"}
        )
    assert answer.status_code == 401
    assert airtable.control.requests() == []
