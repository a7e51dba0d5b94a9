"""Keeps programs running until told to stop, and then ends them in order."""

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from tasks.dev.child import ChildError

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 40.0  # seconds; a worker finishes the request it is in
RESTARTS = 5
RESTART_WINDOW = 60.0


class Stopped(BaseException):
    """Somebody asked for the end by a signal."""


class Program(Protocol):
    """What is supervised: a child process, or a server with a port and data of its own."""

    @property
    def name(self) -> str:
        """Name shown to people."""

    @property
    def pid(self) -> int:
        """Process id."""

    @property
    def running(self) -> bool:
        """Whether it runs."""

    def start(self) -> None:
        """Start it, again too."""

    def ask_to_end(self) -> None:
        """Tell it to end in good order."""

    def kill(self) -> None:
        """End it at once."""


class Supervisor:
    """Programs in the order of their start; they end in the opposite order, level by level."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._levels: list[list[Program]] = []
        self._restarts: dict[str, deque[float]] = {}
        self._impatient = False

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {program.name: program.pid for level in self._levels for program in level}

    def start(self, *programs: Program) -> None:
        """Start programs that may end together; from the main thread only."""
        level: list[Program] = []
        self._levels.append(level)
        for program in programs:
            level.append(program)
            program.start()

    def watch(self, changed: Callable[[], None]) -> None:
        """Restart whatever ends by itself; raises `ChildError` when something keeps ending."""
        while True:
            for program in self._ended():
                self._restart(program)
                changed()
            time.sleep(0.2)

    def stop(self) -> None:
        """End everything, the last started first."""
        while self._levels:
            self._stop_level(self._levels.pop())

    @contextmanager
    def until_told_to_stop(self) -> Iterator[None]:
        """Run the block until it ends or a signal comes, then stop; a second signal forces it."""

        def first(number: int, frame: FrameType | None) -> None:
            for end in ENDS:
                signal.signal(end, second)
            raise Stopped

        def second(number: int, frame: FrameType | None) -> None:
            self._impatient = True

        for end in ENDS:
            signal.signal(end, first)
        try:
            yield
        except Stopped:
            self._say("Stopping ...")
        finally:
            for end in ENDS:
                signal.signal(end, second)
            self.stop()

    def _ended(self) -> Sequence[Program]:
        return [p for level in self._levels for p in level if not p.running]

    def _restart(self, program: Program) -> None:
        now = time.monotonic()
        times = self._restarts.setdefault(program.name, deque(maxlen=RESTARTS))
        if len(times) == RESTARTS and now - times[0] < RESTART_WINDOW:
            raise ChildError(f"{program.name} keeps ending; see its last lines above")
        times.append(now)
        self._say(f"{program.name} ended; starting it again")
        program.start()

    def _stop_level(self, level: list[Program]) -> None:
        for program in level:
            program.ask_to_end()
        deadline = time.monotonic() + PATIENCE
        while any(program.running for program in level):
            if self._impatient or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for program in level:
            program.kill()
