"""What a benchmark runs on: stores, servers as processes, and what they consumed."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tasks.dev.services import Postgres, Redis, free_port

ROOT = Path(__file__).parents[1]
SECRET = "a secret of the benchmark, long enough to sign"  # noqa: S105 - of no value


@contextmanager
def stores() -> Iterator[tuple[Postgres, Redis, dict[str, str]]]:
    """A durable Postgres with the schema, a Redis, and the environment that names them."""
    with tempfile.TemporaryDirectory(prefix="mfa-bench-") as folder:
        Path(folder).chmod(0o755)
        postgres, redis = Postgres(Path(folder) / "postgres"), Redis(Path(folder) / "redis")
        postgres.start()
        redis.start()
        try:
            postgres.ensure_database("mfa")
            environ = {
                "APP_ENV": "test",
                "DATABASE_URL": postgres.url("mfa"),
                "REDIS_URL": redis.url(),
                "JWT_SECRET": SECRET,
                "LOG_LEVEL": "warning",
                "RATE_LIMIT_FACTOR": "0",
                "PYTHONPATH": str(ROOT),
                "PATH": os.environ.get("PATH", ""),
            }
            migrate = [sys.executable, str(ROOT / "tasks" / "db_migrate.py")]
            subprocess.run(migrate, env=environ, check=True, capture_output=True)
            yield postgres, redis, environ
        finally:
            postgres.stop()
            redis.stop()


@asynccontextmanager
async def process(environ: dict[str, str], *arguments: str) -> AsyncIterator[psutil.Process]:
    """A Python program that runs until the block ends."""
    child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs while it starts
        [sys.executable, *arguments], env=environ, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait(20)


@asynccontextmanager
async def server(
    environ: dict[str, str], *arguments: str, probe: str
) -> AsyncIterator[tuple[psutil.Process, int]]:
    """A server on a free port that answers already."""
    port = free_port()
    async with process(environ | {"PORT": str(port)}, *arguments) as child:
        await wait_for(f"http://127.0.0.1:{port}{probe}")
        yield child, port


async def wait_for(url: str) -> None:
    """Wait until a server answers; raises TimeoutError after 30 s."""
    async with asyncio.timeout(30), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of a process and of all it started."""
    family = [process, *process.children(recursive=True)]
    own = process.cpu_times()
    ended = own.children_user + own.children_system
    return float(ended + sum(times.user + times.system for times in _times(family)))


def _times(family: list[psutil.Process]) -> Iterator[Any]:
    for member in family:
        try:
            yield member.cpu_times()
        except psutil.NoSuchProcess:
            continue
