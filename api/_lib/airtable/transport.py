"""Threads in which a synchronous library makes the requests."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from api._lib.airtable.errors import AirtableError

if TYPE_CHECKING:
    from pyairtable import Api

    from api._lib.airtable.client import Client

T = TypeVar("T")


class Transport:
    """Threads with a client each."""

    def __init__(self, token: str, endpoint: str, threads: int) -> None:
        self._token = token
        self._endpoint = endpoint
        self._pool = ThreadPoolExecutor(threads, "airtable")
        self._local = threading.local()
        self._loaded: type[Client] | None = None

    async def load(self) -> None:
        """Import the library, in a thread: what never asks Airtable starts without it."""
        if self._loaded is None:
            loop = asyncio.get_running_loop()
            self._loaded = await loop.run_in_executor(self._pool, _library)

    async def run(self, call: "Callable[[Api], T]", *, start_before: float, seconds: float) -> T:
        """Make one request in a thread; raises AirtableError, or TooLateError if it never began."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._perform, call, start_before, seconds)

    def close(self) -> None:
        """Let running requests end; they are bounded in time."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _perform(self, call: "Callable[[Api], T]", start_before: float, seconds: float) -> T:
        if not hasattr(self._local, "client"):
            self._local.client = (self._loaded or _library())(self._token, self._endpoint)
        client: Client = self._local.client
        return client.perform(call, start_before, seconds)


def _library() -> "type[Client]":
    from api._lib.airtable.client import Client

    return Client


def retry_after(error: AirtableError) -> float:
    """Seconds the answer asks to wait."""
    response = getattr(error.__cause__, "response", None)
    text = response.headers.get("Retry-After", "") if response is not None else ""
    return float(text) if text.isdecimal() else 0.0
