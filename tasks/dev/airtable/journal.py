"""The log of requests, so that a test can count them and look at their pace."""

from collections import deque

import msgspec


class Entry(msgspec.Struct, rename="camel"):
    """One request: `time` in seconds since the epoch, `status` 0 when the answer was dropped."""

    time: float
    method: str
    path: str
    table: str | None = None
    status: int = 0


class Journal:
    """The most recent 100,000 requests."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=100_000)

    def open(self, time: float, method: str, path: str, table: str | None) -> Entry:
        """Note the arrival of a request; its status follows."""
        entry = Entry(time, method, path, table)
        self.entries.append(entry)
        return entry

    def busiest(self, seconds: float = 1.0) -> int:
        """Return the largest number of requests that arrived within any such span."""
        times, start, most = [entry.time for entry in self.entries], 0, 0
        for end, time in enumerate(times):
            while time - times[start] >= seconds:
                start += 1
            most = max(most, end - start + 1)
        return most
