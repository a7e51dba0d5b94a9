"""How fast changes reach Airtable: a backlog at the real limits, a steady flow, single ticks."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct
from rich.table import Table

from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from benchmarks.cases import headers_for
from benchmarks.changes import CONTENT, PEOPLE, Change, changes, ticked
from benchmarks.load import percentile
from benchmarks.seed import seed
from benchmarks.stage import ROOT, SECRET, process, server, stores
from tasks.dev.airtable.limiter import Limits
from tasks.dev.airtable.testing import AirtableServer

STEADY, PACE_SECONDS = 100, 0.2
PATIENCE_SECONDS = 180
TICKS = "Goede gewoontes gebruik"
LOOK_SECONDS = 0.01
RECORDS = "SELECT count(*) FROM outbox_events WHERE status = 'processed'"
KINDS = "SELECT count(DISTINCT entity_type) FROM outbox_events"
DELAYS = """
SELECT extract(epoch FROM processed_at - created_at)::float8 FROM outbox_events
WHERE status = 'processed' AND id > $1
"""


class Drained(Struct):
    """How a backlog went out; times in seconds."""

    records: int
    kinds: int
    requests: int
    throttled: int
    start: float
    """From the start of the worker to its first request."""
    seconds: float
    """From there to the end."""


async def measure(ticks: int) -> Table:
    """Drain a backlog, then follow changes of a steady flow, and single ticks, to Airtable."""
    with stores() as (_, _, environ), AirtableServer(limits=Limits()) as airtable:
        environ |= airtable.environ
        db = await Database.connect(load_settings(environ, Role.WORKER))
        await _fill(db, airtable)
        async with server(environ, "-m", "api", probe="/api/health") as (_, port):
            await _send(port, changes())
            began = time.time()
            async with _worker(environ):
                drained = await _drain(db, airtable, began)
                flow = await _flow(db, port)
                alone = [await _follow(db, airtable, port, number) for number in range(ticks)]
        await db.close()
    return _table(drained, flow, alone)


async def _fill(db: Database, airtable: AirtableServer) -> None:
    """The same people and content in both stores."""
    await seed(db)
    people = await db.fetch("SELECT id, email, name FROM users ORDER BY id")
    records: dict[str, list[Any]] = {
        "tbl6i8jw3DNSzcHgE": [
            {"id": row["id"], "fields": {"Naam": row["name"], "E-mailadres": row["email"]}}
            for row in people
        ]
    }
    for table, (relation, title) in CONTENT.items():
        rows = await db.fetch(f"SELECT id, name FROM {relation} ORDER BY id")
        records[table] = [{"id": row["id"], "fields": {title: row["name"]}} for row in rows]
    airtable.control.load(records)


async def _send(port: int, wanted: Iterable[Change], pace: float = 0.0) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for change in wanted:
            headers = headers_for(SECRET, change.owner)
            answer = await client.post(change.path, json=change.body, headers=headers)
            answer.raise_for_status()
            await asyncio.sleep(pace)


@asynccontextmanager
async def _worker(environ: dict[str, str]) -> AsyncIterator[None]:
    """A worker that polls nothing, so that its requests are the records'."""
    quiet = {"USER_FAST_LANE_ENABLED": "false", "FULL_AIRTABLE_POLL_SYNC_ENABLED": "false"}
    saq = Path(ROOT) / ".venv" / "bin" / "saq"
    async with process(environ | quiet, str(saq), "api.workers.sync_worker.settings"):
        yield


async def _drain(db: Database, airtable: AirtableServer, began: float) -> Drained:
    await _drained(db)
    ended, log = time.time(), airtable.control.requests()
    return Drained(
        records=await db.fetchval(RECORDS),
        kinds=await db.fetchval(KINDS),
        requests=len(log),
        throttled=sum(request["status"] == 429 for request in log),
        start=log[0]["time"] - began,
        seconds=ended - log[0]["time"],
    )


async def _drained(db: Database) -> None:
    waiting = "SELECT count(*) FROM outbox_events WHERE status IN ('pending', 'processing')"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await db.fetchval(waiting):  # noqa: ASYNC110 - another process does the work
            await asyncio.sleep(0.05)


async def _flow(db: Database, port: int) -> list[float]:
    """Delays from commit to the stored answer of Airtable, five ticks a second."""
    last = await db.fetchval("SELECT max(id) FROM outbox_events")
    people = range(PEOPLE, PEOPLE + STEADY)
    await _send(port, (Change(n, *ticked(n, 0)) for n in people), PACE_SECONDS)
    await _drained(db)
    return [row[0] for row in await db.fetch(DELAYS, last)]


async def _follow(db: Database, airtable: AirtableServer, port: int, number: int) -> float:
    """Seconds from sending a tick, while nothing else happens, until its record can be seen."""
    await asyncio.sleep(random.uniform(0.0, 0.3))
    owner = PEOPLE + STEADY + number
    before, began = airtable.control.count(TICKS), time.perf_counter()
    await _send(port, [Change(owner, *ticked(owner, 0))])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while airtable.control.count(TICKS) == before:  # noqa: ASYNC110 - a thread does the work
            await asyncio.sleep(LOOK_SECONDS)
    seconds = time.perf_counter() - began
    await _drained(db)
    return seconds


def _table(drained: Drained, flow: list[float], alone: list[float]) -> Table:
    table = Table("figure", "value", title="Sync with the real limits, one worker")
    rates = [drained.records / s for s in (drained.seconds, drained.start + drained.seconds)]
    table.add_row("backlog", f"{drained.records:,} records of {drained.kinds} kinds")
    table.add_row("drained in", f"{drained.seconds:.1f} s, {rates[0]:.1f} records/s")
    table.add_row(
        "with the start of the worker", f"{drained.start:.1f} s more, {rates[1]:.1f} records/s"
    )
    table.add_row("requests", f"{drained.requests}, {drained.throttled} throttled")
    table.add_row("commit to Airtable at 5 ticks/s", _shares(flow))
    table.add_row(f"a tick alone, {len(alone)} times", _shares(alone))
    return table


def _shares(seconds: list[float]) -> str:
    return f"p50 {percentile(seconds, 0.5):.2f} s, p99 {percentile(seconds, 0.99):.2f} s"
