"""A web application on a loopback port: inside the caller's event loop, or as a program."""

import argparse
import asyncio
import signal
from collections.abc import Callable
from typing import Any, Self

import msgspec
from aiohttp import web

HOST = "127.0.0.1"


class LocalServer:
    """Serves an application from `start` to `stop`; port 0 takes a free one."""

    def __init__(self, app: web.Application, port: int = 0) -> None:
        # Handlers that hang on purpose must not hold up the end.
        self._runner = web.AppRunner(
            app, access_log=None, keepalive_timeout=75, shutdown_timeout=0.1
        )
        self._port = port

    @property
    def url(self) -> str:
        """Address of the running server, without a slash at the end."""
        return f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def start(self) -> Self:
        """Listen."""
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        return self

    async def stop(self) -> None:
        """Close every connection."""
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


def run(description: str | None, make: Callable[[int], LocalServer]) -> None:
    """Serve on the port of the command line until the program is told to end."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    asyncio.run(_serve(make(parser.parse_args().port)))


async def _serve(server: LocalServer) -> None:
    ended = asyncio.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(end, ended.set)
    async with server:
        print(f"ready {server.url}", flush=True)
        await ended.wait()


def json_answer(data: Any, status: int = 200) -> web.Response:
    """An answer in JSON."""
    return web.Response(
        body=msgspec.json.encode(data), status=status, content_type="application/json"
    )
