"""A way to Postgres that breaks when a test wants it to."""

import asyncio
from urllib.parse import urlsplit


class Line:
    """A way to Postgres that can go dead, or away."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self._port = 0
        self._alive = asyncio.Event()
        self._alive.set()
        self._running: set[asyncio.Task[None]] = set()

    async def open(self) -> str:
        """Begin to carry, at the same port as before; the address of Postgres at this end."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        user = self._to.netloc.rpartition("@")[0]
        return self._to._replace(netloc=f"{user}@127.0.0.1:{self._port}").geturl()

    def die(self) -> None:
        """Carry nothing any more, and end no connection."""
        self._alive.clear()

    async def close(self) -> None:
        """End all connections, and take no new ones."""
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _accept(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection(self._to.hostname, self._to.port)
        for source, target in ((near, forth), (far, back)):
            self._running.add(asyncio.create_task(self._carry(source, target)))

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self._alive.wait()
                target.write(data)
        finally:
            target.close()
