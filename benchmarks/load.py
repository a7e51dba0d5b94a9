"""A load generator: fixed connections that send prepared requests as fast as answers come."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import cast

from msgspec import Struct


class Result(Struct):
    """What one run measured; times in seconds."""

    requests: int = 0
    seconds: float = 0.0
    latencies: list[float] = []
    failures: int = 0

    def add(self, other: "Result") -> None:
        """Count another run to this one."""
        self.requests += other.requests
        self.seconds += other.seconds
        self.latencies += other.latencies
        self.failures += other.failures

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """The latency below which this share of the requests stayed, in milliseconds."""
        return percentile(self.latencies, share) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Connection(asyncio.Protocol):
    """One connection with one request on its way at a time."""

    def __init__(self, requests: Iterator[bytes], result: Result, until: float) -> None:
        self._requests = requests
        self._result = result
        self._until = until
        self._buffer = b""
        self._started = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Count a complete answer and send the next request."""
        self._buffer = self._buffer + data if self._buffer else data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(rest) < _length(head):
            return
        self._buffer = b""
        self._result.requests += 1
        self._result.failures += head[9:10] != b"2"
        self._result.latencies.append(time.perf_counter() - self._started)
        if time.perf_counter() < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The run of this connection is over."""
        if not self.done.done():
            self.done.set_result(None)

    def _send(self) -> None:
        self._started = time.perf_counter()
        self._transport.write(next(self._requests))


def _length(head: bytes) -> int:
    start = head.index(b"content-length: ") + 16
    end = head.find(b"\r\n", start)
    return int(head[start : end if end > 0 else None])


async def load(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Result:
    """Load a local server for some seconds."""
    result = Result()
    source = cycle(requests)
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(factory, "127.0.0.1", port))[1]
        for factory in [lambda: Connection(source, result, started + seconds)] * connections
    ]
    await asyncio.gather(*(connection.done for connection in made))
    result.seconds = time.perf_counter() - started
    return result
