"""Clients that keep a server busy and know of every request whether it was answered."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import count

from msgspec import Struct, field

READ_SECONDS = 20
LOST = (ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError, TimeoutError)


class Request(Struct, frozen=True):
    """One request as it goes over the wire."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encoded(self, host: str) -> bytes:
        """The bytes to send."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append(f"content-length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes
    closes: bool


class Load:
    """Connections that send one request after the other until `stop`, or until nobody listens."""

    def __init__(self, host: str, port: int, requests: Sequence[Request]) -> None:
        self.statuses: Counter[int] = Counter()
        self.cut: list[str] = []
        self.refused = 0
        self._address = (host, port)
        self._requests = [request.encoded(f"{host}:{port}") for request in requests]
        self._numbers = count()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    @property
    def answered(self) -> int:
        """How many requests were answered."""
        return self.statuses.total()

    def start(self, connections: int, *, fresh: int = 0, endless: bool = False) -> None:
        """Begin with so many clients; `fresh` of them open a connection for every request.

        With `endless` a refused connection is tried again, as behind a proxy that stays.
        """
        for number in range(connections):
            keep = number >= fresh
            self._tasks.append(asyncio.create_task(self._client(keep=keep, endless=endless)))

    async def until(self, answered: int) -> None:
        """Wait until so many requests were answered."""
        async with asyncio.timeout(60):
            while self.answered < answered:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish the requests that are under way."""
        self._stopped = True
        await self.end()

    async def end(self) -> None:
        """Wait until no client is left."""
        await asyncio.gather(*self._tasks)

    async def _client(self, *, keep: bool, endless: bool) -> None:
        while not self._stopped:
            try:
                reader, writer = await asyncio.open_connection(*self._address)
            except ConnectionRefusedError:
                self.refused += 1
                if not endless:
                    return
                await asyncio.sleep(0.01)
                continue
            await self._talk(reader, writer, keep)
            writer.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: bool
    ) -> None:
        while not self._stopped:
            number = next(self._numbers) % len(self._requests)
            try:
                writer.write(self._requests[number])
                answer = await asyncio.wait_for(read_answer(reader), READ_SECONDS)
            except LOST as error:
                self.cut.append(f"request {number}: {error!r}")
                return
            self.statuses[answer.status] += 1
            if answer.closes or not keep:
                return


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """One complete answer; raises `IncompleteReadError` when it is cut."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    first, *lines = head.strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(first.split()[1]), body, headers.get("connection") == "close")
