"""Rates, latencies and costs of the endpoints, as ratios to a bare application in the same run."""

import json
import tempfile
from statistics import median

import httpx
import psutil
from msgspec import Struct
from rich.table import Table

from api._lib.app import App
from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from benchmarks.cases import CASES, Case, headers_for, requests_of
from benchmarks.load import Result, load
from benchmarks.seed import seed
from benchmarks.stage import SECRET, cpu_seconds, server, stores

CONNECTIONS = 32
COLUMNS = (
    "req/s",
    "p50 ms",
    "p99 ms",
    "alone ms",
    "CPU ms",
    "bare CPU ms",
    "Postgres CPU ms",
    "statements",
    "ratio",
)


class Row(Struct):
    """What was measured of one case."""

    name: str
    result: Result
    alone: Result
    """With a single connection."""
    server_ms: float
    bare_ms: float
    postgres_ms: float
    statements: int
    ratio: float


async def measure(seconds: float, rounds: int, only: str) -> Table:
    """Measure all cases whose name contains `only`."""
    cases = [case for case in CASES if only in case.name]
    with stores() as (postgres, _, environ):
        db = await Database.connect(load_settings(environ, Role.APP))
        await seed(db)
        await db.close()
        postgres_process = psutil.Process(postgres.pid)
        async with server(environ, "-m", "api", probe="/api/health") as (child, port):
            bodies = await _bodies(cases, port)
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(bodies, file)
                file.flush()
                bare = server(environ, "-m", "benchmarks.bare", file.name, probe=next(iter(bodies)))
                async with bare as (bare_child, bare_port):
                    family = child, bare_child, postgres_process
                    stage = Stage(*family, port, bare_port, environ)
                    rows = [await stage.measure(case, seconds, rounds) for case in cases]
            memory = child.memory_info().rss / 1_048_576
    return _table(rows, memory)


class Stage:
    """The processes of a run."""

    def __init__(
        self,
        child: psutil.Process,
        bare: psutil.Process,
        postgres: psutil.Process,
        port: int,
        bare_port: int,
        environ: dict[str, str],
    ) -> None:
        self._child = child
        self._bare = bare
        self._postgres = postgres
        self._port = port
        self._bare_port = bare_port
        self._environ = environ
        self._next = 0

    async def measure(self, case: Case, seconds: float, rounds: int) -> Row:
        """Alternate between the server and the bare application; keep the median ratio."""
        ratios: list[float] = []
        total, bare_total = Result(), Result()
        statements = await self._statements(case)
        before = self._used()
        for _ in range(rounds):
            bare = await load(self._bare_port, self._bare_requests(case), CONNECTIONS, seconds)
            result = await load(self._port, self._requests(case), CONNECTIONS, seconds)
            ratios.append(result.rate / bare.rate)
            total.add(result)
            bare_total.add(bare)
        spent = (after - start for after, start in zip(self._used(), before, strict=True))
        server, bare_app, postgres = spent
        return Row(
            case.name,
            total,
            await load(self._port, self._requests(case), 1, seconds / 2),
            server_ms=server * 1000 / total.requests,
            bare_ms=bare_app * 1000 / bare_total.requests,
            postgres_ms=postgres * 1000 / total.requests,
            statements=statements,
            ratio=median(ratios),
        )

    def _used(self) -> list[float]:
        """CPU seconds of the server, the bare application and Postgres so far."""
        return [cpu_seconds(each) for each in (self._child, self._bare, self._postgres)]

    def _requests(self, case: Case) -> list[bytes]:
        count = 5_000 if case.method == "POST" else 200
        self._next += count
        return requests_of(case, SECRET, self._next, count)

    def _bare_requests(self, case: Case) -> list[bytes]:
        path, body = case.make(0)
        short = Case(case.name, case.method, lambda _: (path.split("?")[0], body), case.signed)
        return requests_of(short, SECRET, 0, 1)

    async def _statements(self, case: Case) -> int:
        """SQL statements of one request on a warm server, BEGIN and COMMIT included."""
        seen: list[str] = []
        async with App(load_settings(self._environ, Role.APP)).running() as app:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                for number in (990_001, 991_001):
                    seen.clear()
                    path, body = case.make(number)
                    headers = headers_for(SECRET, number % case.owners) if case.signed else {}
                    await client.request(case.method, path, json=body, headers=headers)
                    assert app.resources is not None
                    app.resources.db.observe(seen.append)
        return len(seen)


async def _bodies(cases: list[Case], port: int) -> dict[str, str]:
    bodies: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for case in cases:
            path, body = case.make(0)
            headers = headers_for(SECRET, 0) if case.signed else {}
            answer = await client.request(case.method, path, json=body, headers=headers)
            answer.raise_for_status()
            bodies[path.split("?")[0]] = answer.text
    return bodies


def _table(rows: list[Row], memory: float) -> Table:
    title = f"HTTP, {CONNECTIONS} connections, one process, {memory:.0f} MB resident"
    table = Table("request", *COLUMNS, title=title)
    for row in rows:
        result = row.result
        failed = f" ({result.failures} failed)" if result.failures else ""
        table.add_row(
            row.name + failed,
            f"{result.rate:,.0f}",
            f"{result.percentile(0.5):.1f}",
            f"{result.percentile(0.99):.1f}",
            f"{row.alone.percentile(0.5):.2f}",
            f"{row.server_ms:.3f}",
            f"{row.bare_ms:.3f}",
            f"{row.postgres_ms:.3f}",
            str(row.statements),
            f"{row.ratio:.0%}",
        )
    return table
