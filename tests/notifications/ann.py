"""Ann, who is reminded of her session this evening, and what arrives on her devices."""

from datetime import date
from typing import Any

from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from tasks.dev.push import PushStandIn
from tests.notifications.cases import moment
from tests.notifications.seed import PUBLIC, add_device, add_program, add_user, jobs

TODAY = date(2026, 2, 23)
TONIGHT = moment("2026-02-23T17:00")


class Ann:
    """Somebody with a session today, and as many devices as are wanted."""

    def __init__(self, db: Database, service: PushStandIn, user: str) -> None:
        self.id = user
        self.devices: list[str] = []
        self._db, self._service = db, service

    async def add_device(self) -> str:
        """A further device; its endpoint."""
        described = self._service.subscribe(PUBLIC)
        await add_device(self._db, self.id, described)
        self.devices.append(described["endpoint"])
        return str(described["endpoint"])

    async def subscription(self, number: int = 0) -> dict[str, Any]:
        """The stored row of a device."""
        row = await self._db.fetchrow(
            "SELECT * FROM push_subscriptions WHERE endpoint = $1", self.devices[number]
        )
        assert row is not None
        return dict(row)

    async def job(self) -> dict[str, Any]:
        """The one stored reminder."""
        (found,) = await jobs(self._db, self.id)
        return found

    def received(self, number: int = 0) -> list[dict[str, Any]]:
        """What a device got."""
        device = self.devices[number].rpartition("/")[2]
        return [one for one in self._service.messages if one["device"] == device]


async def make_ann(
    ctx: Context, db: Database, service: PushStandIn, clock: ManualClock, devices: int = 1
) -> Ann:
    """A further Ann with so many devices; her one reminder is due now."""
    clock.moment = moment("2026-02-23T09:00")
    somebody = Ann(db, service, await add_user(db, reminder_mode="session"))
    for _ in range(devices):
        await somebody.add_device()
    await add_program(db, somebody.id, [(TODAY, [0, 1])])
    await notifications.plan_users(ctx, [somebody.id])
    clock.moment = TONIGHT
    return somebody


async def log_of(db: Database) -> list[tuple[bool, int | None, str | None]]:
    """Success, status and error of every attempt, in order."""
    rows = await db.fetch("SELECT * FROM notification_deliveries ORDER BY id")
    return [(row["success"], row["status_code"], row["error_message"]) for row in rows]


async def revive(db: Database) -> None:
    """Let the reminder be due again."""
    await db.execute("UPDATE notification_jobs SET status = 'pending', expires_at = '2026-03-30'")
    await db.execute("UPDATE program_sessions SET session_date = '2026-02-23'")
    await db.execute("DELETE FROM notification_deliveries")
