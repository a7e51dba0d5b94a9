"""The output of several programs on one console, line by line, that nobody ever waits for."""

import queue
import sys
import threading
from collections.abc import Callable

LINES_WAITING = 2000
NAME_WIDTH = 9


class Console:
    """Prints from a thread of its own; when nobody reads the output, lines are dropped.

    A script that starts the stack may stop reading after the ready line. A full pipe must then
    not block the programs behind it.
    """

    def __init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._print, daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Print text of our own."""
        for line in text.splitlines():
            self._put(line)

    def log_of(self, name: str) -> Callable[[str], None]:
        """Where a program's lines go; each gets the name in front."""
        return lambda line: self._put(f"{name:<{NAME_WIDTH}}| {line}")

    def close(self, seconds: float = 1) -> None:
        """Print what is left, unless nobody reads."""
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _put(self, line: str) -> None:
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def _print(self) -> None:
        while (line := self._lines.get()) is not None:
            if self._dropped:
                line = f"({self._dropped} lines not shown)\n{line}"
                self._dropped = 0
            try:
                print(line, flush=True)
            except (OSError, ValueError):
                # The reader has gone; the programs go on.
                sys.stdout = None  # print then does nothing
