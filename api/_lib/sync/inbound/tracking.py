"""What people do while Airtable owns it: our rows mirror the records, for the day of a switch."""

from collections.abc import Sequence
from functools import partial

from api._lib.airtable.people import USERS
from api._lib.backend import lives_in_airtable
from api._lib.context import Context
from api._lib.notifications import service as notifications
from api._lib.settings import Settings
from api._lib.sync.inbound.activity import (
    ACTIVITIES,
    Imported,
    follow_changes,
    follow_listing,
)
from api._lib.sync.inbound.activity_model import Activity
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.listing import listed
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.recounting import owners_of, recount


def mirrored(settings: Settings) -> list[Activity]:
    """What Airtable owns, parents before their children."""
    return [one for kind, one in ACTIVITIES.items() if lives_in_airtable(settings, kind)]


def followed(settings: Settings) -> frozenset[str]:
    """The tables whose changes in Airtable are taken over."""
    return frozenset({USERS.key, *CONTENT, *(one.entity.table.key for one in mirrored(settings))})


def mirrored_table(settings: Settings, table: str) -> Activity | None:
    """What Airtable owns in a table."""
    return next((one for one in mirrored(settings) if one.entity.table.key == table), None)


async def list_mirrored(
    ctx: Context, activity: Activity, *, patience: float = 0.0
) -> Outcome | None:
    """Let rows be as a whole table, under its lock; None when another process is at it.

    A row with an unsent change stays, and so does every row once Postgres owns them (F8, I5).
    """
    listing = partial(_mirror, ctx, activity)
    return await listed(ctx, activity.entity.table.key, listing, patience=patience)


async def take_mirrored(
    ctx: Context, activity: Activity, changed: Sequence[str], destroyed: Sequence[str]
) -> None:
    """Follow what a webhook named; whoever asks next sees it."""
    found = await follow_changes(ctx, activity, changed, destroyed)
    await ctx.tables.forget(activity.entity.table)
    await _follow(ctx, activity, found)


async def _mirror(ctx: Context, activity: Activity) -> Outcome:
    found = await follow_listing(ctx, activity)
    await _follow(ctx, activity, found)
    return found.outcome


async def _follow(ctx: Context, activity: Activity, found: Imported) -> None:
    """Count rewards and plan reminders of those whose rows changed."""
    owners = await owners_of(ctx.db, activity, found.written) | found.bereaved
    if owners:
        reason = f"{activity.type} imported"
        await ctx.db.run(lambda tx: notifications.mark_all_for_planning(tx, owners, reason))
        await recount(ctx, owners)
