"""Planning: what the table of reminders has to hold, for one person or for everybody."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import asyncpg
from msgspec import Struct

from api._lib.context import Context
from api._lib.db import DatabaseUnavailableError, Transaction
from api._lib.notifications.model import Plan, Recipient, Reminder
from api._lib.notifications.rules.planner import plan
from api._lib.notifications.rules.transitions import changes
from api._lib.notifications.store import marking
from api._lib.notifications.store import planning as store

log = logging.getLogger(__name__)

CHUNK = 200
"""People planned in one transaction; a change of their preferences waits for it."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Planned(Struct):
    """What planning did: people looked at, rows written, people it failed for."""

    users: int = 0
    written: int = 0
    failed: int = 0

    def add(self, other: "Planned") -> None:
        """Add the figures of another run."""
        self.users += other.users
        self.written += other.written
        self.failed += other.failed


async def plan_if_marked(ctx: Context, user_id: str) -> Planned:
    """Plan for one person, unless somebody has done so since they were marked."""
    if not await marking.read(ctx.db, [user_id]):
        return Planned()
    return await plan_users(ctx, [user_id])


async def plan_dirty_users(ctx: Context) -> Planned:
    """Plan for everybody who is marked, whoever was marked first; each of them once."""
    total, last = Planned(), (LONG_AGO, "")
    while found := await marking.marked(ctx.db, last, CHUNK):
        total.add(await plan_users(ctx, [user_id for _, user_id in found]))
        last = found[-1]
    return total


async def reconcile(ctx: Context) -> Planned:
    """Plan for everybody who may get reminders, so that no lost hint lasts (F10, F18)."""
    return await plan_users(ctx, await store.everybody(ctx.db))


async def plan_users(ctx: Context, user_ids: Sequence[str]) -> Planned:
    """Plan for these people, many in one transaction; one who fails does not stop the others."""
    total = Planned()
    for start in range(0, len(user_ids), CHUNK):
        total.add(await _plan_apart(ctx, user_ids[start : start + CHUNK]))
    return total


async def _plan_apart(ctx: Context, user_ids: Sequence[str]) -> Planned:
    try:
        return await ctx.db.run(lambda tx: _plan(tx, ctx, user_ids))
    except DatabaseUnavailableError:
        raise
    except Exception as error:
        if len(user_ids) > 1:
            return await _plan_one_by_one(ctx, user_ids)
        # Its program or goal was deleted meanwhile: that deletion has marked it again.
        expected = isinstance(error, asyncpg.ForeignKeyViolationError)
        log.log(
            logging.INFO if expected else logging.ERROR,
            "planning failed",
            exc_info=None if expected else error,
            extra={"user_id": user_ids[0]},
        )
        return Planned(users=1, failed=1)


async def _plan_one_by_one(ctx: Context, user_ids: Sequence[str]) -> Planned:
    total = Planned()
    for user_id in user_ids:
        total.add(await _plan_apart(ctx, [user_id]))
    return total


async def _plan(tx: Transaction, ctx: Context, user_ids: Sequence[str]) -> Planned:
    await store.lock(tx, user_ids)
    markers = await marking.read(tx, user_ids)
    people = await store.recipients(tx, user_ids, ctx.settings.notification_default_timezone)
    now = ctx.clock.now()
    unreachable = [person.user_id for person in people if not person.can_receive]
    written = await store.cancel_open(tx, unreachable) if unreachable else 0
    receivers = [person for person in people if person.can_receive]
    if receivers:
        written += await store.write(tx, await _changes(tx, receivers, now), now)
    await marking.clear(tx, markers)
    return Planned(users=len(user_ids), written=written)


async def _changes(tx: Transaction, people: Sequence[Recipient], now: datetime) -> Plan:
    days = {person.user_id: now.astimezone(person.zone).date() for person in people}
    wanted = await _wanted(tx, people, days, now)
    everything = [reminder for reminders in wanted.values() for reminder in reminders]
    stored = await store.stored(tx, days, everything)
    plans = [
        changes(wanted[user_id], stored.get(user_id, ()), today, now)
        for user_id, today in days.items()
    ]
    return Plan(
        [reminder for part in plans for reminder in part.new],
        [change for part in plans for change in part.changes],
    )


async def _wanted(
    tx: Transaction, people: Sequence[Recipient], days: Mapping[str, date], now: datetime
) -> Mapping[str, list[Reminder]]:
    sessions, goals = await store.sessions(tx, days), await store.goals(tx, days)
    return {
        person.user_id: plan(
            person, sessions.get(person.user_id, ()), goals.get(person.user_id, ()), now
        )
        for person in people
    }
