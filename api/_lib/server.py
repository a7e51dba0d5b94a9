"""The HTTP server of the process, and how it ends without cutting a request."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn

from api._lib.app import App
from api._lib.listening import accept_all, refuse_new
from api._lib.protocol import Protocol
from api._lib.settings import Settings

log = logging.getLogger("api")
STOP_SECONDS = 95.0
"""An answer of the language model may take 90."""
STOP_SECONDS_ELSEWHERE = 5.0
LINGER_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 120
"""Longer than the proxy keeps an idle connection, so that it never uses one just closed here."""
POLL_SECONDS = 0.02


def serve(app: App) -> None:
    """Serve until SIGTERM or SIGINT, then end with status 0."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    Server(app).run()


def _end(number: int, frame: FrameType | None) -> None:
    """Uvicorn raises the signal again once it has stopped; that is the good end."""
    sys.exit(0)


class Server(uvicorn.Server):
    """Uvicorn, but a stop first lets those finish who are already on the line."""

    def __init__(self, app: App) -> None:
        settings = app.settings
        self._app = app
        self._stop_seconds = stop_seconds(settings)
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.listen_host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                http=type("AppProtocol", (Protocol,), {"refusal": app.refusal}),
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
            )
        )

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the port of the settings."""
        super().run(sockets or [self._bound()])

    def _bound(self) -> socket.socket:
        try:
            return self.config.bind_socket()
        except SystemExit:  # uvicorn has logged the error, but not for which address
            address = f"{self.config.host}:{self.config.port}"
            sys.exit(f"Cannot start: {address} (LISTEN_HOST, PORT) is taken or not allowed.")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no one new, answer who is connected, close; cut only what exceeds the time."""
        ends = time.monotonic() + self._stop_seconds
        self._app.stop(ends)
        for listening in sockets or []:
            await self._stop_accepting(listening)
        await self._linger()
        left = max(1, round(ends - time.monotonic()))
        self.config.timeout_graceful_shutdown = left
        await super().shutdown(sockets)
        await self._cut()

    async def _stop_accepting(self, listening: socket.socket) -> None:
        """Closing resets whoever has connected but was not accepted yet: accept those first."""
        refuse_new(listening)
        duplicate = socket.socket(fileno=os.dup(listening.fileno()))
        for server in self.servers:
            server.close()
        listening.close()
        await asyncio.sleep(POLL_SECONDS)
        with duplicate:
            accepted = accept_all(duplicate)
        loop = asyncio.get_running_loop()
        for connection in accepted:
            await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        kind = self.config.http_protocol_class
        return kind(  # type: ignore[call-arg]  # as uvicorn itself calls it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def _cut(self) -> None:
        """End what is still open: an answer nobody reads would keep the process alive."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(POLL_SECONDS)

    async def _linger(self) -> None:
        """Give connections the time to send what is under way; each answer closes its own."""
        ends = time.monotonic() + LINGER_SECONDS
        # Uvicorn tells nobody when a connection ends.
        while self.server_state.connections and time.monotonic() < ends and not self.force_exit:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


def stop_seconds(settings: Settings) -> float:
    """How long requests and background work may take after the signal."""
    return STOP_SECONDS if settings.production else STOP_SECONDS_ELSEWHERE
