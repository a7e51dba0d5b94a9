"""A server that is told to end answers everybody first."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from api._lib.db import Database
from tasks.dev.services import HOST
from tests.operations.load import Load, Request, read_answer
from tests.operations.serving import ServerProcess
from tests.people import Person, add_person
from tests.scale import scaled
from tests.waiting import until_somebody_waits

CONNECTIONS = 32
REQUESTS = scaled(300, soak=5000)
WHOLE_STOP = 10.0
ENOUGH = 200
"""Answers of 130 KB that no buffer between here and the server can hold."""


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """No request is refused for coming too often."""
    return environ | {"RATE_LIMIT_FACTOR": "0"}


@pytest.fixture
def python() -> str:
    """By what the server is started: what is quickest."""
    return ""


@pytest.fixture
def server(environ: dict[str, str], python: str) -> Iterator[ServerProcess]:
    """A running server."""
    with ServerProcess(os.environ | environ, python=python) as process:
        yield process


@pytest.fixture
async def person(db: Database, environ: dict[str, str]) -> Person:
    """Somebody who may ask."""
    return await add_person(db, environ["JWT_SECRET"], datetime.now(UTC))


@pytest.fixture
def requests(person: Person) -> list[Request]:
    """Reads and writes."""
    content = {"content-type": "application/json"}
    zone = json.dumps({"timezone": "Europe/Paris"}).encode()
    return [
        Request("GET", "/api/auth/me", person.headers),
        Request("GET", "/api/methods"),
        Request("PATCH", "/api/notifications/preferences", person.headers | content, zone),
        Request("GET", "/api/health"),
        Request("GET", "/api/goals"),
    ]


async def ended(server: ServerProcess) -> float:
    """Seconds until the process has ended."""
    began = time.monotonic()
    while server.child.running and time.monotonic() < began + 60:
        await asyncio.sleep(0.01)
    return time.monotonic() - began


@pytest.mark.soak
@pytest.mark.parametrize(
    ("number", "python"),
    [(signal.SIGTERM, sys.executable), (signal.SIGINT, "")],
    ids=["TERM", "INT"],
)
async def test_F_H16_no_request_is_cut_by_a_stop_under_load(
    server: ServerProcess, requests: list[Request], number: signal.Signals
) -> None:
    load = Load(HOST, server.port, requests)
    load.start(CONNECTIONS, fresh=CONNECTIONS // 4)
    await load.until(REQUESTS)
    os.kill(server.child.pid, number)
    seconds = await ended(server)
    await load.end()
    assert load.cut == []
    assert server.child.status == 0, server.child.last_words()
    assert seconds < WHOLE_STOP
    assert set(load.statuses) == {200}
    assert load.refused == CONNECTIONS


async def test_a_request_under_way_is_answered_and_what_it_wrote_stays(
    server: ServerProcess, person: Person, db: Database
) -> None:
    body = json.dumps({"userId": person.id, "name": "Elke dag wandelen"}).encode()
    request = Request(
        "POST", "/api/personal-goals", person.headers | {"content-type": "application/json"}, body
    )
    reader, writer = await asyncio.open_connection(HOST, server.port)
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE personal_goals IN ACCESS EXCLUSIVE MODE")
        writer.write(request.encoded(HOST))
        await until_somebody_waits(db)
        os.kill(server.child.pid, signal.SIGTERM)
        await refused(server)
        assert server.child.running
    answer = await read_answer(reader)
    writer.close()
    assert (answer.status, answer.closes) == (201, True)
    await ended(server)
    assert server.child.status == 0
    assert await db.fetchval("SELECT count(*) FROM personal_goals") == 1


async def test_a_request_on_a_quiet_connection_right_after_the_signal_is_answered(
    server: ServerProcess,
) -> None:
    request = Request("GET", "/api/goals").encoded(HOST)
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(request)
    assert not (await read_answer(reader)).closes
    os.kill(server.child.pid, signal.SIGTERM)
    await refused(server)
    writer.write(request)
    answer = await read_answer(reader)
    writer.close()
    assert (answer.status, answer.closes) == (200, True)
    await ended(server)
    assert server.child.status == 0


async def test_what_exceeds_the_time_is_cut_and_the_end_is_still_clean(
    server: ServerProcess, person: Person, db: Database
) -> None:
    reader, writer = await asyncio.open_connection(HOST, server.port)
    deaf = socket.create_connection((HOST, server.port))
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        await tx.execute("SET LOCAL lock_timeout = 0")
        writer.write(Request("GET", "/api/auth/me", person.headers).encoded(HOST))
        deaf.sendall(Request("GET", "/api/openapi.json").encoded(HOST) * ENOUGH)
        await until_somebody_waits(db)
        os.kill(server.child.pid, signal.SIGTERM)
        assert await ended(server) < WHOLE_STOP
    assert (await read_answer(reader)).status == 503
    writer.close()
    deaf.close()
    assert server.child.status == 0


async def refused(server: ServerProcess) -> None:
    """Wait until nobody new is let in."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, server.port)
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.01)
