"""Workers that start within milliseconds and can be killed at any instruction.

Run as a program, it has everything imported and forks a worker for each line it reads; a worker
sends and reaps as a real one does, without the queue around it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api._lib.airtable.gateway import Gateway
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from api._lib.sync.listening import LOST, Doorbell
from api._lib.sync.outbound import Outbound
from api._lib.sync.reaper import reap

ROOT = Path(__file__).parents[2]
REAP_SECONDS = 0.5


async def work(environ: dict[str, str]) -> None:
    """Send and reap until killed."""
    settings = load_settings(environ, Role.WORKER)
    cache, db = Cache.connect(settings.redis_url), await Database.connect(settings, "mfa-worker")
    outbound = Outbound(db, Gateway(settings, cache, db), settings, str(os.getpid()))
    doorbell = Doorbell(db, outbound, settings)

    async def keep_reaping() -> None:
        while True:
            try:
                await reap(db, settings)
            except LOST:
                continue
            finally:
                await asyncio.sleep(REAP_SECONDS)

    await asyncio.gather(doorbell.answer(), doorbell.listen(), keep_reaping())


def serve() -> None:
    """Fork a worker for each line of standard input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(work(json.loads(line)))
            os._exit(0)
        print(pid, flush=True)


class Zygote:
    """The program from the outside."""

    def __init__(self, process: "subprocess.Popen[str]", environ: dict[str, str]) -> None:
        self._process = process
        self._environ = environ
        self.living: list[int] = []

    def start(self) -> int:
        """Start a worker; its process id."""
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the zygote has no pipes")
        print(json.dumps(self._environ), file=self._process.stdin, flush=True)
        pid = int(self._process.stdout.readline())
        self.living.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """End a worker as a crash would."""
        self.living.remove(pid)
        os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """End all workers."""
        for pid in list(self.living):
            self.kill(pid)


@contextmanager
def zygote(environ: dict[str, str]) -> Iterator[Zygote]:
    """A source of workers that all end with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sync.zygote"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    source = Zygote(process, environ)
    try:
        yield source
    finally:
        source.kill_all()
        process.kill()
        process.wait()


if __name__ == "__main__":
    serve()
