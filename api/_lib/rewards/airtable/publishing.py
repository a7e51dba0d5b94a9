"""Writing into Airtable what a recount found, where rewards live there."""

import logging

import asyncpg

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.model import Owner
from api._lib.airtable.people import USERS
from api._lib.airtable.programs import PROGRAMS
from api._lib.context import Context, User
from api._lib.db import DatabaseUnavailableError
from api._lib.rewards import store
from api._lib.settings import Backend

log = logging.getLogger(__name__)

REWARD_FIELDS = tuple(field.name for field in USERS.fields if field.owner is Owner.REWARDS)


def publish(ctx: Context, user: User) -> None:
    """Let the person's record show what was just earned; nothing to do while the outbox does it.

    It follows from what stands elsewhere, so that the next recount makes good what fails here.
    """
    if ctx.settings.backends["REWARDS"] is Backend.AIRTABLE_ONLY:
        ctx.background(_published(ctx, user))


async def _published(ctx: Context, user: User) -> None:
    try:
        await _publish_person(ctx, user)
        await _publish_milestones(ctx, user)
    except (AirtableError, DatabaseUnavailableError, asyncpg.PostgresError) as error:
        log.warning("rewards were not written", extra={"reason": type(error).__name__})


async def _publish_person(ctx: Context, user: User) -> None:
    row = await ctx.db.fetchrow(ENTITIES[EntityType.USER].query, [user.id])
    record = await ctx.tables.get(USERS, user.id)
    if row is None or record is None:
        return
    values = {name: row[name] for name in REWARD_FIELDS}
    await ctx.tables.change(USERS, user.id, values)


async def _publish_milestones(ctx: Context, user: User) -> None:
    reached = await store.milestones_by_record(ctx.db, user.id)
    if not reached:
        return
    for program in await ctx.tables.scan(PROGRAMS):
        wanted = reached.get(program.id)
        if wanted and program.json_list("milestonesAwarded") != wanted:
            await ctx.tables.change(PROGRAMS, program.id, {"milestonesAwarded": wanted})
