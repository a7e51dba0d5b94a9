"""What was done in programs, by the store that the flag of completions names."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import msgspec
from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import MissingError
from api._lib.airtable.programs import METHOD_USAGES
from api._lib.airtable.records import Record, oldest_first
from api._lib.backend import is_sent
from api._lib.context import Context, User
from api._lib.errors import unavailable
from api._lib.programs.store import mirrors
from api._lib.settings import Backend
from api._lib.switching import Switch
from api._lib.wire import Key


class Done(Struct, frozen=True, kw_only=True):
    """A method that was done, and the records of where."""

    id: str
    method: str
    session: str | None
    program: str | None
    on: date


class Completions(Protocol):
    """What people did."""

    async def of(self, ctx: Context, user_id: str) -> list[Done]:
        """What a person did in programs that live in Airtable, oldest first."""

    async def loosen(self, ctx: Context, program: str, done: Sequence[Done]) -> None:
        """Before sessions go: link what was done in them to the program itself."""

    async def loosen_rows(
        self, ctx: Context, user: User, program_id: Key, completions: Sequence[str]
    ) -> None:
        """The same for a program that lives in Postgres."""


class InRows:
    """Completions that live in Postgres, and are loosened there with the rows of the sessions."""

    async def of(self, ctx: Context, user_id: str) -> list[Done]:
        """What a person did in programs that live in Airtable, oldest first."""
        rows = await mirrors.done(ctx.db, user_id)
        return [
            msgspec.convert({**row, "method": row["method_id"], "on": row["completed_on"]}, Done)
            for row in rows
        ]

    async def loosen(self, ctx: Context, program: str, done: Sequence[Done]) -> None:
        """Nothing: no record of theirs is ours to write."""

    async def loosen_rows(
        self, ctx: Context, user: User, program_id: Key, completions: Sequence[str]
    ) -> None:
        """Nothing: the transaction does it."""


class InRecords:
    """Completions that live in Airtable."""

    async def of(self, ctx: Context, user_id: str) -> list[Done]:
        """What a person did in programs that live in Airtable, oldest first."""
        usages = await ctx.tables.scan(METHOD_USAGES)
        return [_done(u) for u in oldest_first(u for u in usages if u.belongs_to(user_id))]

    async def loosen(self, ctx: Context, program: str, done: Sequence[Done]) -> None:
        """Before sessions go: link what was done in them to the program itself."""
        await _link(ctx, program, [one.id for one in done])

    async def loosen_rows(
        self, ctx: Context, user: User, program_id: Key, completions: Sequence[str]
    ) -> None:
        """The same for a program in Postgres, sent first if need be; raises a 503 when late."""
        if not is_sent(ctx.settings, EntityType.PROGRAM):
            return
        program = await ctx.bridge.deliver(EntityType.PROGRAM, str(program_id))
        if program is None:
            raise unavailable()
        async with ctx.turns.of(user.id):
            records = await mirrors.records_of(ctx.db, EntityType.METHOD_USAGE, completions)
            await _link(ctx, program, records)


async def _link(ctx: Context, program: str, usages: Sequence[str]) -> None:
    loose = {"programmaplanning": [], "program": [program]}
    if not usages:
        return
    try:
        await ctx.tables.change_all(METHOD_USAGES, dict.fromkeys(usages, loose))
    except MissingError:
        for usage in usages:
            await ctx.tables.change(METHOD_USAGES, usage, loose)


def _done(usage: Record) -> Done:
    return Done(
        id=usage.id,
        method=usage.link("method") or "",
        session=usage.link("programmaplanning"),
        program=usage.link("program"),
        on=usage.day("usedAt") or usage.created.date(),
    )


COMPLETIONS: Switch[Completions] = Switch("METHOD_USAGE", postgres=InRows(), airtable=InRecords())


async def done_by(ctx: Context, user_id: str) -> list[Done]:
    """What a person did in programs that live in Airtable, oldest first.

    While they live in Postgres this is the other side of a comparison, all of it from Airtable.
    """
    is_served = ctx.settings.backends["PROGRAMS"] is Backend.AIRTABLE_ONLY
    return await (COMPLETIONS.store(ctx) if is_served else InRecords()).of(ctx, user_id)
