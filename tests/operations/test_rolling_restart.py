"""Restarting the app behind a proxy, the new task first, loses no request."""

import asyncio
import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api._lib.db import Database
from tasks.dev.services import HOST
from tests.operations.haproxy import Proxy
from tests.operations.load import Load, Request
from tests.operations.serving import ServerProcess
from tests.people import add_person
from tests.scale import scaled

CONNECTIONS = 32
RESTARTS = scaled(1, soak=10)


@pytest.mark.soak
async def test_a_rolling_restart_behind_haproxy_loses_no_request(
    environ: dict[str, str], db: Database, tmp_path: Path
) -> None:
    unlimited = os.environ | environ | {"RATE_LIMIT_FACTOR": "0"}
    person = await add_person(db, environ["JWT_SECRET"], datetime.now(UTC))
    content = {"content-type": "application/json"}
    zone = json.dumps({"timezone": "Europe/Paris"}).encode()
    requests = [
        Request("GET", "/api/auth/me", person.headers),
        Request("PATCH", "/api/notifications/preferences", person.headers | content, zone),
        Request("GET", "/api/methods"),
    ]
    old, new = ServerProcess(unlimited), ServerProcess(unlimited)
    with Proxy(tmp_path, [old.port, new.port]) as proxy, old, new:
        load = Load(HOST, proxy.port, requests)
        await in_use(proxy, old, new)
        load.start(CONNECTIONS, fresh=CONNECTIONS // 4, endless=True)
        await load.until(200)
        for _ in range(RESTARTS):
            os.kill(old.child.pid, signal.SIGTERM)
            await asyncio.to_thread(old.child.stop, 20)
            assert old.child.status == 0, old.child.last_words()
            await load.until(load.answered + 200)
            old.child.start()
            await in_use(proxy, old)
            await load.until(load.answered + 200)
            old, new = new, old
        await load.stop()
    assert load.cut == []
    assert load.refused == 0
    assert set(load.statuses) == {200}
    assert load.answered > RESTARTS * 400


async def in_use(proxy: Proxy, *servers: ServerProcess) -> None:
    """Wait until the proxy sends requests to these servers."""
    async with asyncio.timeout(60):
        while not all(proxy.uses(server.port) for server in servers):
            await asyncio.sleep(0.02)
