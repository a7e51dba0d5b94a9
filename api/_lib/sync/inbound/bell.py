"""Hearing the application: Airtable called, or somebody has to be looked at again."""

import asyncio
import logging
from contextlib import suppress

import asyncpg

from api._lib.db import DatabaseUnavailableError
from api._lib.sync.inbound.webhook_store import CHANNEL
from api._lib.sync.jobs import Runtime, perform

log = logging.getLogger(__name__)

CHECK_SECONDS = 15.0
RETRY_SECONDS = 1.0
RECHECK_SECONDS = 30.0
"""Later than a short absence of a record, as when somebody undoes a deletion (sync 11.12)."""

ONLY_NEWS = {"only_news": "yes"}
LOST = (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class InboundBell:
    """Runs jobs of the reading half as soon as they are called for; ends once `stop` is set.

    Every worker hears every call; locks and marks in the database see that one does the work.
    """

    def __init__(self, runtime: Runtime, stop: asyncio.Event) -> None:
        self._runtime = runtime
        self._stop = stop
        self._called = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        """Hear calls, on a connection that is replaced when it breaks."""
        # The settings may ask for another webhook than those of the last start.
        self._start("keep_webhook", {})
        draining = asyncio.create_task(self._drain_when_called())
        try:
            while not self._stop.is_set():
                with suppress(*LOST):
                    await self._hear()
                await self._sleep(RETRY_SECONDS)
        finally:
            for task in (draining, *self._running):
                task.cancel()

    async def _hear(self) -> None:
        async with self._runtime.db.connection() as connection:
            await connection.add_listener(CHANNEL, self._heard)
            # What was called for while nobody listened.
            self._called.set()
            try:
                while not self._stop.is_set():
                    await self._sleep(CHECK_SECONDS)
                    await connection.execute("SELECT 1")
            finally:
                with suppress(*LOST):
                    await connection.remove_listener(CHANNEL, self._heard)

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        name, _, argument = str(payload).partition(":")
        if name == "drain_webhook":
            self._called.set()
        elif name in self._runtime.jobs:
            self._start(name, {"user_id": argument} if argument else {})

    async def _drain_when_called(self) -> None:
        """One run at a time, as each holds a connection; calls during a run make one more."""
        while True:
            await self._called.wait()
            self._called.clear()
            await self._run("drain_webhook", ONLY_NEWS)

    def _start(self, name: str, arguments: dict[str, str]) -> None:
        task = asyncio.create_task(self._run(name, arguments))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, name: str, arguments: dict[str, str]) -> None:
        if name == "recheck_user":
            await self._sleep(RECHECK_SECONDS)
        if not self._stop.is_set():
            with suppress(Exception):  # `perform` has logged it
                await perform(self._runtime.jobs[name], self._runtime, **arguments)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
