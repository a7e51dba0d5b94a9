"""How fast changes reach Airtable: a backlog at the real limits, and single ticks on the way."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import httpx
from msgspec import Struct
from rich.table import Table

from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from benchmarks.cases import headers_for, tick
from benchmarks.seed import seed
from benchmarks.stage import ROOT, SECRET, process, server, stores
from tasks.dev.airtable.limiter import Limits
from tasks.dev.airtable.testing import AirtableServer

BACKLOG = 2_000
PACE_SECONDS = 0.2
PATIENCE_SECONDS = 180
RECORDS = "SELECT count(*) FROM outbox_events WHERE status = 'processed'"
DELAYS = """
SELECT percentile_cont($1) WITHIN GROUP (ORDER BY extract(epoch FROM processed_at - created_at))
FROM outbox_events WHERE status = 'processed' AND id > $2
"""


class Figures(Struct):
    """What was measured."""

    records: int
    seconds: float
    requests: int
    throttled: int
    p50: float
    p99: float


async def measure(ticks: int) -> Table:
    """Drain a backlog, then follow single ticks to Airtable."""
    with stores() as (_, _, environ), AirtableServer(limits=Limits()) as airtable:
        environ |= airtable.environ
        db = await Database.connect(load_settings(environ, Role.WORKER))
        await _fill(db, airtable)
        async with server(environ, "-m", "api", probe="/api/health") as (_, port):
            await _tick(port, range(BACKLOG), pace=0)
            airtable.control.clear_requests()
            started = time.perf_counter()
            async with _worker(environ):
                await _drained(db)
                seconds = time.perf_counter() - started
                log = airtable.control.requests()
                records = await db.fetchval(RECORDS)
                last = await db.fetchval("SELECT max(id) FROM outbox_events")
                await _tick(port, range(BACKLOG, BACKLOG + ticks), pace=PACE_SECONDS)
                await _drained(db)
        p50, p99 = [await db.fetchval(DELAYS, share, last) for share in (0.5, 0.99)]
        await db.close()
    throttled = sum(request["status"] == 429 for request in log)
    return _table(Figures(records, seconds, len(log), throttled, p50, p99))


async def _fill(db: Database, airtable: AirtableServer) -> None:
    """The same people and habits in both stores."""
    await seed(db)
    people = await db.fetch("SELECT id, email, name FROM users ORDER BY id")
    habits = await db.fetch("SELECT id, name FROM habits ORDER BY id")
    airtable.control.load(
        {
            "tbl6i8jw3DNSzcHgE": [
                {"id": row["id"], "fields": {"Naam": row["name"], "E-mailadres": row["email"]}}
                for row in people
            ],
            "tblg0lHLnqYIkfvPV": [
                {"id": row["id"], "fields": {"Name": row["name"]}} for row in habits
            ],
        }
    )


async def _tick(port: int, numbers: range, pace: float) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for number in numbers:
            path, body = tick(number)
            body["date"] = date.today().isoformat()
            headers = headers_for(SECRET, number)
            (await client.post(path, json=body, headers=headers)).raise_for_status()
            await asyncio.sleep(pace)


@asynccontextmanager
async def _worker(environ: dict[str, str]) -> AsyncIterator[None]:
    """A worker that polls nothing, so that its requests are the records'."""
    quiet = {"USER_FAST_LANE_ENABLED": "false", "FULL_AIRTABLE_POLL_SYNC_ENABLED": "false"}
    saq = Path(ROOT) / ".venv" / "bin" / "saq"
    async with process(environ | quiet, str(saq), "api.workers.sync_worker.settings"):
        yield


async def _drained(db: Database) -> None:
    waiting = "SELECT count(*) FROM outbox_events WHERE status IN ('pending', 'processing')"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await db.fetchval(waiting):  # noqa: ASYNC110 - another process does the work
            await asyncio.sleep(0.1)


def _table(figures: Figures) -> Table:
    table = Table("figure", "value", title="Sync with the real limits, one worker")
    rate = figures.records / figures.seconds
    table.add_row(
        "backlog", f"{BACKLOG:,} ticks, {figures.records:,} records with people's rewards"
    )
    table.add_row("drained in", f"{figures.seconds:.1f} s, {rate:.1f} records/s")
    table.add_row("requests", f"{figures.requests}, {figures.throttled} throttled")
    table.add_row("commit to Airtable, p50", f"{figures.p50:.2f} s at 5 ticks/s")
    table.add_row("commit to Airtable, p99", f"{figures.p99:.2f} s")
    return table
