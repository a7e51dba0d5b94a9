"""Real worker processes for tests."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.prepared import prepared_python

ROOT = Path(__file__).parents[2]
SOON = 60.0
SAQ = str(Path(sys.executable).parent / "saq")


class Worker:
    """One worker process, started as operators start it, or by another command."""

    def __init__(
        self, environ: dict[str, str], folder: Path, command: tuple[str, ...] = (SAQ,)
    ) -> None:
        self.folder = folder
        self._command = (*command, "api.workers.sync_worker.settings")
        self._environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ}
        self._environ["WORKER_HEARTBEAT_FILE"] = str(folder / "heartbeat.json")
        self._log = folder / "log.jsonl"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it needs a moment until it works."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environ, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def log(self) -> str:
        """Everything it wrote."""
        return self._log.read_text()

    def kill(self) -> None:
        """End it as a crash would."""
        self.signal(signal.SIGKILL)
        self.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float = SOON) -> int:
        """Wait for its end; its exit status."""
        if self.process is None:
            raise AssertionError("the worker was never started")
        return self.process.wait(seconds)


def prepared_worker(environ: dict[str, str], folder: Path) -> AbstractContextManager[Worker]:
    """A running worker like any other, but started within milliseconds."""
    return worker_process(environ, folder, (prepared_python(), "-m", "saq"))


@contextmanager
def worker_process(
    environ: dict[str, str], folder: Path, command: tuple[str, ...] = (SAQ,)
) -> Iterator[Worker]:
    """A running worker that is killed at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    worker = Worker(environ, folder, command)
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()


async def eventually(
    ready: Callable[[], Awaitable[object]], seconds: float = SOON, what: str = "it"
) -> None:
    """Poll until something is true; AssertionError when it never is."""
    until = time.monotonic() + seconds
    while not await ready():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not happen in {seconds} seconds")
        await asyncio.sleep(0.02)
