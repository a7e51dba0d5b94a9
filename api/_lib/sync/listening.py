"""Waking up: at every commit that stored an event, and now and then in case a call was lost."""

import asyncio
import logging
from contextlib import suppress

import asyncpg

from api._lib.db import Database, DatabaseUnavailableError, reason_of
from api._lib.outbox import CHANNEL
from api._lib.settings import Settings
from api._lib.sync.outbound import Outbound

log = logging.getLogger(__name__)

CHECK_SECONDS = 15.0
RETRY_SECONDS = 1.0
LOST = (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class Doorbell:
    """Runs the drains of this process."""

    def __init__(self, db: Database, outbound: Outbound, settings: Settings) -> None:
        self._db = db
        self._outbound = outbound
        self._poll_seconds = settings.sync_poll_interval_ms / 1000
        self._linger_seconds = settings.sync_linger_ms / 1000
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something may have to be sent."""
        self._rung.set()
        self._outbound.wake()

    async def answer(self) -> None:
        """Drain whenever the bell rings, or the poll interval is over; ends with the outbound."""
        while not self._outbound.stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), self._poll_seconds)
                # A burst of changes shall travel together.
                await asyncio.sleep(self._linger_seconds)
            self._rung.clear()
            try:
                await self._outbound.drain()
            except LOST as error:
                log.warning("postgres is away", extra={"reason": reason_of(error)})
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("a drain failed")
                await asyncio.sleep(RETRY_SECONDS)

    async def listen(self) -> None:
        """Hear the commits, on a connection that is replaced when it breaks."""
        while not self._outbound.stopping:
            try:
                await self._hear()
            except LOST:
                await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self) -> None:
        async with self._db.connection() as connection:
            await connection.add_listener(CHANNEL, self._heard)
            # What was committed while nobody listened.
            self.ring()
            try:
                while not self._outbound.stopping:
                    await asyncio.sleep(min(CHECK_SECONDS, self._poll_seconds))
                    await connection.execute("SELECT 1")
            finally:
                with suppress(*LOST):
                    await connection.remove_listener(CHANNEL, self._heard)

    def _heard(self, *_: object) -> None:
        self.ring()
