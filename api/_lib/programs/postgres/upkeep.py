"""What the worker does every hour for programs in Postgres."""

from datetime import date, timedelta

from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.programs import events
from api._lib.programs.store import upkeep

BATCH = 500
DRAFT_LIFE = timedelta(hours=24)


async def roll(ctx: Context) -> int:
    """Store the status that follows from the dates, by each user's day; how many changed (P12)."""
    elsewhere = local_day(ctx.now, ctx.settings.notification_default_timezone)
    days = _days(ctx, await upkeep.zones(ctx.db))
    changed = 0

    async def block(tx: Transaction) -> upkeep.Owned:
        rolled = await upkeep.roll(tx, days, elsewhere, BATCH)
        await _tell(tx, rolled)
        return rolled

    while True:
        rolled = await ctx.db.run(block)
        changed += len(rolled)
        if len(rolled) < BATCH:
            return changed


async def delete_old_drafts(ctx: Context) -> int:
    """Delete drafts that nobody touched for a day; how many there were."""
    deleted = 0

    async def block(tx: Transaction) -> upkeep.Owned:
        gone = await upkeep.delete_old_drafts(tx, ctx.now - DRAFT_LIFE, BATCH)
        await enqueue(tx, [e for id, owner in gone for e in events.programs_gone(owner, [id])])
        return gone

    while True:
        gone = await ctx.db.run(block)
        deleted += len(gone)
        if len(gone) < BATCH:
            return deleted


async def _tell(tx: Transaction, rolled: upkeep.Owned) -> None:
    owners = {owner for _, owner in rolled}
    await notifications.mark_all_for_planning(tx, owners, "program status changed")
    await enqueue(tx, [events.program_saved(owner, id) for id, owner in rolled])


def _days(ctx: Context, zones: list[str]) -> dict[str, date]:
    default = ctx.settings.notification_default_timezone
    return {zone: local_day(ctx.now, zone, default) for zone in zones}
