"""Killing the server in the middle of a change leaves all of it or nothing."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api._lib.clock import SystemClock
from api._lib.db import Database
from tasks.dev.child import Child
from tasks.dev.openai import KEY, OpenAiStandIn
from tests.conftest import ROOT
from tests.endpoints.asking import Asking
from tests.endpoints.programs.steps import detail, events, review, take_events
from tests.people import add_person
from tests.prepared import prepared_python
from tests.programs.catalogue import MONDAY, add_library

STARTED = "2090-01-02"
BLOCKED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%outbox_events%'"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'mfa-web' AND pid <> pg_backend_pid()
  AND state <> 'idle'"""


class Killable:
    """A server of its own process, and a person who asks it."""

    def __init__(self, child: Child, person: Asking) -> None:
        self.child = child
        self.person = person

    async def killed_while(self, request: Any, moment: Any) -> None:
        """Send a request and kill the server at a moment of its work."""
        asked = asyncio.create_task(request)
        await moment()
        self.child.kill()
        with pytest.raises(httpx.TransportError):
            await asked


@pytest.fixture
async def killable(
    environ: dict[str, str], model: OpenAiStandIn, db: Database
) -> AsyncIterator[Killable]:
    """A running server."""
    await add_library(db)
    person = await add_person(db, environ["JWT_SECRET"], SystemClock().now())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = Child(
        "server",
        [prepared_python(), "-m", "api"],
        environ={**os.environ, **environ, "PORT": str(port), "OPENAI_API_KEY": KEY},
        folder=ROOT,
    )
    child.start()
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await until_up(client, child)
        yield Killable(child, Asking(client, person))
    child.kill()


async def until_up(client: httpx.AsyncClient, child: Child) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await client.get("/api/goals")
            except httpx.TransportError:
                assert child.running, child.last_words()
                await asyncio.sleep(0.05)
            else:
                return


@asynccontextmanager
async def outbox_closed(db: Database) -> AsyncIterator[None]:
    """Nobody can store events meanwhile: every change stops right before its end."""
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE outbox_events IN EXCLUSIVE MODE")
        yield


async def count(db: Database, sql: str, wanted: int) -> None:
    """Wait until a count is what it should be."""
    async with asyncio.timeout(20):
        while await db.fetchval(sql) != wanted:
            await asyncio.sleep(0.02)


async def test_P9_killing_the_server_inside_a_confirmation_leaves_nothing(
    killable: Killable, db: Database
) -> None:
    body = review(
        start=STARTED,
        customOvertuigingen=["Ik leer"],
        selectedGoedeGewoontes=[{"goedeGewoonteId": "recHabitWater0001"}],
    )
    async with outbox_closed(db):
        await killable.killed_while(
            killable.person.post("programs/confirm", **body), lambda: count(db, BLOCKED, 1)
        )
    await count(db, OTHERS, 0)
    for table in ("programs", "program_sessions", "personal_beliefs", "habit_selections"):
        assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await events(db) == []


async def test_P4_killing_the_server_while_it_plans_anew_leaves_the_old_schedule(
    killable: Killable, db: Database, model: OpenAiStandIn
) -> None:
    person = killable.person
    program = (await person.post("programs/confirm", **review(start=STARTED))).data["program"]
    before = await schedule(db)
    await take_events(db)
    path = f"programs/{program['id']}/regenerate-schedule"
    async with outbox_closed(db):
        await killable.killed_while(
            person.post(path, daysOfWeek=[MONDAY], force=True), lambda: count(db, BLOCKED, 1)
        )
    await count(db, OTHERS, 0)
    assert await schedule(db) == before
    assert await events(db) == []


async def test_P4_killing_the_server_while_the_model_thinks_leaves_the_old_schedule(
    killable: Killable, db: Database, model: OpenAiStandIn
) -> None:
    person = killable.person
    program = (await person.post("programs/confirm", **review(start=STARTED))).data["program"]
    before = await schedule(db)
    await take_events(db)
    model.answer("hang")

    async def thinking() -> None:
        async with asyncio.timeout(20):
            while not model.requests:
                await asyncio.sleep(0.02)

    path = f"programs/{program['id']}/regenerate-schedule"
    request = person.post(path, daysOfWeek=[MONDAY], regenerateMethod="ai", force=True)
    await killable.killed_while(request, thinking)
    await count(db, OTHERS, 0)
    assert await schedule(db) == before
    assert await events(db) == []


async def test_P21_killing_the_server_inside_an_extension_leaves_the_old_end(
    killable: Killable, db: Database
) -> None:
    person = killable.person
    program = (await person.post("programs/confirm", **review(start=STARTED))).data["program"]
    before = await schedule(db)
    stored = await detail(person, program["id"])
    await take_events(db)
    async with outbox_closed(db):
        await killable.killed_while(
            person.post(f"programs/{program['id']}/extend", weeks=4),
            lambda: count(db, BLOCKED, 1),
        )
    await count(db, OTHERS, 0)
    assert await schedule(db) == before
    end = await db.fetchval("SELECT end_date FROM programs")
    assert end.isoformat() == stored["endDate"]
    assert await events(db) == []


async def schedule(db: Database) -> list[tuple[object, ...]]:
    """Every session with its methods."""
    rows: Iterator[Any] = iter(
        await db.fetch(
            "SELECT s.id, s.session_date, m.method_id, m.position FROM program_sessions AS s"
            " JOIN session_methods AS m ON m.session_id = s.id ORDER BY 1, 4"
        )
    )
    return [tuple(row) for row in rows]
