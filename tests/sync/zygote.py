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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# Imported at the first request otherwise, by each worker again.
import api._lib.airtable.client  # noqa: F401
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
    """Start and kill workers as the lines of standard input say; at its end, end them all.

    Only this process, their parent, kills them: until it has waited for one, its id is no other
    process's.
    """
    living: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "kill" in order:
            living.remove(order["kill"])
            print(_end(order["kill"]), flush=True)
        else:
            living.add(pid := _fork(order["start"]))
            print(pid, flush=True)
    for pid in living:
        _end(pid)


def _fork(environ: dict[str, str]) -> int:
    pid = os.fork()
    if pid == 0:
        asyncio.run(work(environ))
        os._exit(0)
    return pid


def _end(pid: int) -> int:
    """Kill a worker and wait for it; its exit status tells whether it had ended before."""
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class Zygote:
    """The program from the outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.living: list[int] = []

    def start(self, environ: dict[str, str]) -> int:
        """Start a worker; its process id."""
        pid = self._order({"start": environ})
        self.living.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        """End a worker as a crash would; AssertionError when it had ended by itself."""
        self._kill([pid])

    def kill_all(self) -> None:
        """End all workers."""
        self._kill(list(self.living))

    def _kill(self, pids: Sequence[int]) -> None:
        found = [self._order({"kill": pid}) for pid in pids]
        self.living = [pid for pid in self.living if pid not in pids]
        early = [status for status in found if status != -signal.SIGKILL]
        assert early == [], f"workers ended by themselves: {early}"

    def _order(self, order: dict[str, object]) -> int:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the zygote has no pipes")
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def zygote() -> Iterator[Zygote]:
    """A source of workers; those that live at its end, end with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sync.zygote"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # Leaving this closes its input, so it ends the workers whatever happened here.
    with process:
        yield Zygote(process)


if __name__ == "__main__":
    serve()
