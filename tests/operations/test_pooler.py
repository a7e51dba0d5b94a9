"""Behind PgBouncer in transaction mode everything works, and several processes act as one.

Where PgBouncer is not installed, the same runs with the settings for one (see tests/pooler.py).
Which endpoint tests run behind it, stands there, too.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.services import Postgres
from tests.operations.serving import ServerProcess
from tests.people import Person, add_person, record_id
from tests.pooler import Pooler, program
from tests.scale import scaled
from tests.sync.workers import eventually, worker_process

DAYS, HABITS, PEOPLE = scaled((2, 3, 2), soak=(5, 4, 10))
POINTS = 5
WAITING = "SELECT count(*) FROM outbox_events WHERE status IN ('pending', 'processing')"


@pytest.fixture
def environ(
    environ: dict[str, str], postgres: Postgres, database_url: str, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """Settings that lead through a pooler."""
    with Pooler(postgres, tmp_path) as pooler:
        yield environ | pooler.environ(database_url) | {"RATE_LIMIT_FACTOR": "0"}


async def test_the_pooler_really_gives_each_transaction_another_server(
    environ: dict[str, str],
) -> None:
    one_client = load_settings(environ | {"PG_POOL_MAX": "1"}, Role.APP)
    db = await Database.connect(one_client)
    blocked = await Database.connect(one_client)
    async with blocked.transaction() as tx:
        await tx.fetchval("SELECT 1")
        servers = {await db.fetchval("SELECT pg_backend_pid()") for _ in range(20)}
    async with blocked.transaction() as tx:
        servers |= {await tx.fetchval("SELECT pg_backend_pid()")}
        servers |= {await db.fetchval("SELECT pg_backend_pid()") for _ in range(20)}
    await db.close()
    await blocked.close()
    assert len(servers) > 1
    assert (environ["DATABASE_URL"] != environ["DATABASE_DIRECT_URL"]) == bool(program())


@pytest.mark.soak
async def test_two_apps_and_two_workers_behind_it_act_as_one(
    environ: dict[str, str], db: Database, airtable: AirtableServer, tmp_path: Path
) -> None:
    whole = environ | airtable.environ | {"AIRTABLE_MIN_INTERVAL_MS": "1", "SYNC_LINGER_MS": "50"}
    habits = await add_habits(db)
    now, secret = datetime.now(UTC), environ["JWT_SECRET"]
    people = [await add_person(db, secret, now) for _ in range(PEOPLE)]
    load(airtable, habits, people)
    with ExitStack() as stack:
        servers = [ServerProcess(os.environ | whole) for _ in range(2)]
        for server in servers:
            stack.enter_context(server)
        for number in range(2):
            stack.enter_context(worker_process(whole, tmp_path / f"worker-{number}"))
        # Everybody taps twice: once through each app, at the same moment.
        async with httpx.AsyncClient(timeout=60, verify=False) as client:
            statuses = await asyncio.gather(
                *(
                    tick(client, server, person, habit, day)
                    for person in people
                    for habit in habits
                    for day in range(DAYS)
                    for server in servers
                )
            )
        ticks = PEOPLE * HABITS * DAYS
        assert sorted(statuses) == [200] * ticks + [201] * ticks
        await eventually(lambda: nothing_waits(db), what="sending everything")
    assert await db.fetchval("SELECT count(*) FROM habit_completions") == ticks
    records = airtable.control.records("Goede gewoontes gebruik")
    sent = [record["fields"]["App ID"] for record in records]
    assert len(sent) == len(set(sent)) == ticks
    scores = await db.fetch("SELECT good_habits_score FROM user_rewards")
    assert [row[0] for row in scores] == [HABITS * DAYS * POINTS] * PEOPLE
    assert await db.fetchval("SELECT count(*) FROM outbox_dead_letters") == 0


async def add_habits(db: Database) -> list[str]:
    """Habits of ours."""
    ids = [record_id("HABIT") for _ in range(HABITS)]
    await db.executemany("INSERT INTO habits (id, name) VALUES ($1, $2)", [(i, i) for i in ids])
    return ids


def load(airtable: AirtableServer, habits: list[str], people: list[Person]) -> None:
    """The same habits and people in Airtable."""
    airtable.control.load(
        {
            "Goede gewoontes": [{"id": habit, "fields": {"Name": habit}} for habit in habits],
            "Gebruikers": [
                {"id": person.id, "fields": {"Naam": "An", "E-mailadres": person.email}}
                for person in people
            ],
        }
    )


async def tick(
    client: httpx.AsyncClient, server: ServerProcess, person: Person, habit: str, days_ago: int
) -> int:
    """Tick a habit; the status of the answer."""
    day = datetime.now(UTC).date() - timedelta(days=days_ago)
    body = {"userId": person.id, "goedeGewoonteId": habit, "date": day.isoformat()}
    url = f"{server.url}/api/habit-usage"
    return (await client.post(url, json=body, headers=person.headers)).status_code


async def nothing_waits(db: Database) -> bool:
    """Whether every event has been sent."""
    return not await db.fetchval(WAITING)
