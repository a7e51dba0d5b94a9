"""What the worker does every hour for programs in Airtable."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.limiter import Lane
from api._lib.airtable.personal import BELIEF_USAGES
from api._lib.airtable.programs import METHOD_USAGES, PROGRAMS, SESSIONS
from api._lib.airtable.records import Record
from api._lib.airtable.tables import Tables
from api._lib.clock import local_day
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.programs.airtable.cells import is_bare, read_program
from api._lib.programs.model import Program, Status
from api._lib.programs.rules.status import effective
from api._lib.programs.store import mirrors

DRAFT_LIFE = timedelta(hours=24)
CHANGED = "program status changed"


class Everybody(Struct, frozen=True):
    """All programs of people we know, at one moment."""

    records: Sequence[Record]
    known: dict[str, mirrors.Known]
    used: frozenset[str]
    today: dict[str, date]
    """The day of each person."""

    def program(self, record: Record) -> Program | None:
        """The program of a record."""
        return read_program(record, self.known.get(record.id))

    def is_draft(self, record: Record) -> bool:
        """Whether it was only begun."""
        program = self.program(record)
        return program is not None and is_bare(program) and record.id not in self.used

    def status(self, record: Record) -> Status | None:
        """The status it should have; nothing when it has that, or is a draft."""
        program, today = self.program(record), self.today.get(record.link("user") or "")
        if program is None or today is None or self.is_draft(record):
            return None
        status = effective(program.status, program.start, program.end, today)
        return None if record.text("status") == status else status

    def age(self, record: Record) -> datetime:
        """When it was last touched, as far as that is known."""
        row = self.known.get(record.id)
        return row.touched_at if row else record.created


async def roll(ctx: Context) -> int:
    """Store the status that follows from the dates, by each user's day; how many changed (P12)."""
    tables, found = await _everybody(ctx)
    changed = 0
    async for owner, due in _in_turns(ctx, tables, found, lambda r: found.status(r) is not None):
        statuses = {record.id: {"status": found.status(record)} for record in due}
        await _mirror(ctx, owner, await tables.change_all(PROGRAMS, statuses))
        changed += len(due)
    return changed


async def delete_old_drafts(ctx: Context) -> int:
    """Delete drafts that nobody touched for a day; how many there were."""
    tables, found = await _everybody(ctx)
    before = ctx.now - DRAFT_LIFE
    deleted = 0

    def is_due(record: Record) -> bool:
        return found.age(record) < before and found.is_draft(record)

    async for _, due in _in_turns(ctx, tables, found, is_due):
        ids = [record.id for record in due]
        await tables.remove(PROGRAMS, ids)
        await _forget(ctx, ids)
        deleted += len(ids)
    return deleted


async def _everybody(ctx: Context) -> tuple[Tables, Everybody]:
    tables = Tables(ctx.airtable, ctx.cache, ctx.db, Lane.INBOUND)
    records = await tables.scan(PROGRAMS)
    known = await mirrors.known(ctx.db, None)
    used = {id for id, row in known.items() if row.is_used}
    for table in (SESSIONS, METHOD_USAGES, BELIEF_USAGES):
        used |= {program for r in await tables.scan(table) if (program := r.link("program"))}
    owners = sorted({owner for record in records if (owner := record.link("user"))})
    zones = await mirrors.zones(ctx.db, owners)
    default = ctx.settings.notification_default_timezone
    days = {owner: local_day(ctx.now, zone, default) for owner, zone in zones.items()}
    return tables, Everybody(records, known, frozenset(used), days)


async def _in_turns(
    ctx: Context, tables: Tables, found: Everybody, is_due: Callable[[Record], bool]
) -> AsyncIterator[tuple[str, Sequence[Record]]]:
    """People with the programs that are due, looked at again once it is their turn."""
    due: dict[str, list[str]] = defaultdict(list)
    for record in found.records:
        if (owner := record.link("user")) in found.today and is_due(record):
            due[str(owner)].append(record.id)
    for owner, ids in due.items():
        async with ctx.turns.of(owner):
            still = [r for r in await tables.named(PROGRAMS, ids) if is_due(r)]
            if still:
                yield owner, still


async def _mirror(ctx: Context, owner: str, records: Sequence[Record]) -> None:
    async def block(tx: Transaction) -> None:
        await ctx.bridge.take(tx, EntityType.PROGRAM, [record.record for record in records])
        await notifications.mark_for_planning(tx, owner, CHANGED)

    await ctx.db.run(block)


async def _forget(ctx: Context, ids: Sequence[str]) -> None:
    await ctx.db.run(lambda tx: ctx.bridge.forget(tx, EntityType.PROGRAM, ids))
