"""A program that runs beside this process and never outlives it."""

import os
import pwd
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
LINES_KEPT = 40


class ChildError(Exception):
    """A program could not be started; the text says why."""


class Child:
    """One program: started, watched and ended here; its output goes line by line to `log`.

    `ends_by` asks it to end in good order; `dies_by` is what it gets when this process is killed.
    Start it from the main thread: Linux ends it together with the thread that started it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environ: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: pwd.struct_passwd | None = None,
        ends_by: signal.Signals = signal.SIGTERM,
        dies_by: signal.Signals = signal.SIGKILL,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._environ = environ
        self._folder = folder
        self._user = user
        self._ends_by = ends_by
        self._dies_by = dies_by
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Process id of the running program."""
        if self._process is None:
            raise ChildError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Exit status; none while it runs, negative when a signal ended it."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start the program; a second start waits for nothing and replaces an ended one."""
        uid, gid = (str(self._user.pw_uid), str(self._user.pw_gid)) if self._user else ("-", "-")
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid())]
        self.lines.clear()
        self._process = subprocess.Popen(
            [*launch, str(int(self._dies_by)), uid, gid, *self.command],
            env=None if self._environ is None else dict(self._environ),
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches only us; we end the others in order
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until `ready` says so; raises `ChildError` if the program ends or time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ChildError(f"{self.name} ended at its start: {self.last_words()}")
            if time.monotonic() > deadline:
                raise ChildError(f"{self.name} is not ready after {seconds:g} s")
            time.sleep(0.02)

    def run_to_end(self, seconds: float = 120) -> None:
        """Start it and wait until it is done; raises `ChildError` unless it ends well."""
        self.start()
        self._wait(seconds)
        if self._reader:
            self._reader.join(1)
        if self.status:
            raise ChildError(f"{self.name} failed: {self.last_words()}")

    def last_words(self) -> str:
        """The latest lines of its output, for error messages."""
        if self._reader and not self.running:
            self._reader.join(1)
        return " | ".join(list(self.lines)[-3:]) or f"exit status {self.status}, no output"

    def ask_to_end(self) -> None:
        """Send the signal by which it ends in good order."""
        if self._process and self.running:
            self._process.send_signal(self._ends_by)

    def stop(self, seconds: float = 10) -> None:
        """End it in good order, or by force when it takes longer than `seconds`."""
        self.ask_to_end()
        self._wait(seconds)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _wait(self, seconds: float) -> None:
        try:
            if self._process:
                self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))
                self._log(line.rstrip("\n"))
