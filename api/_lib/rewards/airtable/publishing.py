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
    """Let records in Airtable show what was just earned; nothing to do while the outbox does it.

    It follows from what stands elsewhere, so that the next recount makes good what fails here.
    """
    if _is_there(ctx, "REWARDS") or _is_there(ctx, "PROGRAMS"):
        ctx.background(_published(ctx, user))


def _is_there(ctx: Context, flag: str) -> bool:
    return ctx.settings.backends[flag] is Backend.AIRTABLE_ONLY


async def _published(ctx: Context, user: User) -> None:
    try:
        if _is_there(ctx, "REWARDS"):
            await _publish_person(ctx, user)
        await _publish_milestones(ctx, user)
    except (AirtableError, DatabaseUnavailableError, asyncpg.PostgresError) as error:
        log.warning("rewards were not written", extra={"reason": type(error).__name__})


async def _publish_person(ctx: Context, user: User) -> None:
    row = await ctx.db.fetchrow(ENTITIES[EntityType.USER].query, [user.id])
    if row is not None:
        values = {name: row[name] for name in REWARD_FIELDS}
        await ctx.tables.change(USERS, user.id, values)


async def _publish_milestones(ctx: Context, user: User) -> None:
    """In turns, so that what was found last is written last."""
    if not await _unpublished(ctx, user):
        return
    async with ctx.turns.of(user.id):
        for program, reached in (await _unpublished(ctx, user)).items():
            await ctx.tables.change(PROGRAMS, program, {"milestonesAwarded": reached})


async def _unpublished(ctx: Context, user: User) -> dict[str, list[str]]:
    """Milestones by program, where its record shows others."""
    reached = await store.milestones_by_record(ctx.db, user.id)
    programs = await ctx.tables.scan(PROGRAMS) if reached else ()
    shown = {program.id: program.json_list("milestonesAwarded") for program in programs}
    return {id: steps for id, steps in reached.items() if id in shown and shown[id] != steps}
