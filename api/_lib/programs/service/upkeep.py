"""What the worker does for programs every hour."""

from api._lib.context import Context
from api._lib.programs.service.choosing import PROGRAMS


async def roll_program_status(ctx: Context) -> int:
    """Store the status that follows from the dates, by each user's day; how many changed (P12)."""
    return await PROGRAMS.store(ctx).roll(ctx)


async def delete_old_drafts(ctx: Context) -> int:
    """Delete drafts that nobody touched for a day; how many there were."""
    return await PROGRAMS.store(ctx).delete_old_drafts(ctx)
