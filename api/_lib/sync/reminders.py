"""The reminders of one worker process: it sends what is due and hears what needs planning."""

import asyncio
import logging
from contextlib import suppress

import asyncpg

from api._lib.db import DatabaseUnavailableError, reason_of
from api._lib.notifications import service as notifications
from api._lib.sync.jobs import Runtime

log = logging.getLogger(__name__)

SEND_SECONDS = 40.0
PERIOD_SECONDS = 5.0
CHECK_SECONDS = 15.0
RETRY_SECONDS = 1.0
LOST = (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


async def send_reminders(runtime: Runtime) -> dict[str, int]:
    """Send what is due, for at most 40 seconds; how many reminders ended in which state."""
    if not runtime.settings.push_notifications_enabled:
        return {}
    return dict(await runtime.sender.run(SEND_SECONDS))


class Reminders:
    """Every process sends by itself, so that all share a rush and none waits for the queue.

    All of it ends once `stop` is set.
    """

    def __init__(self, runtime: Runtime, stop: asyncio.Event) -> None:
        self._runtime = runtime
        self._enabled = runtime.settings.push_notifications_enabled
        self._stop = stop

    async def keep_sending(self) -> None:
        """Look for due reminders every five seconds.

        Also for those of dead workers: the queue may still wait for such a worker to reap itself.
        """
        while self._enabled and not self._stop.is_set():
            try:
                await notifications.reap_leases(self._runtime.ctx)
                await send_reminders(self._runtime)
            except LOST as error:
                log.warning("postgres is away", extra={"reason": reason_of(error)})
            except Exception:
                log.exception("reminders could not be sent")
            await self._sleep(PERIOD_SECONDS)

    async def listen(self) -> None:
        """Ask for a planning run at every commit that marked somebody."""
        while self._enabled and not self._stop.is_set():
            with suppress(*LOST):
                await self._hear()
            await self._sleep(RETRY_SECONDS)

    async def _hear(self) -> None:
        heard: asyncio.Queue[str] = asyncio.Queue()

        def note(_connection: object, _pid: int, _channel: str, user_id: object) -> None:
            heard.put_nowait(str(user_id))

        async with self._runtime.db.connection() as connection:
            await connection.add_listener(notifications.CHANNEL, note)
            try:
                while not self._stop.is_set():
                    try:
                        await self._hint(await asyncio.wait_for(heard.get(), CHECK_SECONDS))
                    except TimeoutError:
                        await connection.execute("SELECT 1")
            finally:
                with suppress(*LOST):
                    await connection.remove_listener(notifications.CHANNEL, note)

    async def _hint(self, user_id: str) -> None:
        if user_id:
            await self._runtime.hint("plan_user", user_id=user_id)
        else:
            await self._runtime.hint("plan_dirty_users")

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
