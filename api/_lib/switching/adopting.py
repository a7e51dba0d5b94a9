"""Storing what only Airtable has, before the first fill is complete or after Postgres failed."""

import logging
import time
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import asyncpg

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.records import Record
from api._lib.context import Context
from api._lib.db import Database, DatabaseUnavailableError

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0

_done: WeakKeyDictionary[Database, dict[tuple[str, str], float]] = WeakKeyDictionary()


async def adopt(ctx: Context, kinds: Sequence[EntityType]) -> None:
    """Store the person's records that have no row yet, parents first; trouble is only logged."""
    if ctx.user is None:
        return
    user_id, done = ctx.user.id, _done.setdefault(ctx.db, {})
    for kind in kinds:
        if done.get((user_id, kind), 0.0) > time.monotonic() - EVERY_SECONDS:
            continue
        try:
            await _adopt(ctx, user_id, kind)
        except (
            AirtableError,
            DatabaseUnavailableError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
        ) as error:
            facts = {"entityType": kind, "reason": type(error).__name__}
            log.warning("nothing could be taken over", extra=facts)
        else:
            done[user_id, kind] = time.monotonic()


async def _adopt(ctx: Context, user_id: str, kind: EntityType) -> None:
    records = await ctx.tables.scan(ENTITIES[kind].table)
    if kind is EntityType.PROGRAM_SCHEDULE:
        programs = await ctx.tables.scan(ENTITIES[EntityType.PROGRAM].table)
        own = {program.id for program in programs if program.belongs_to(user_id)}
        mine = [record for record in records if record.link("program") in own]
    else:
        mine = _of(user_id, records)
    if mine:
        await ctx.bridge.adopt(kind, [record.record for record in mine])


def _of(user_id: str, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.belongs_to(user_id)]
