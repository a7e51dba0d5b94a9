"""Changing the lists and notes of a program."""

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET, Struct, UnsetType, structs

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.programs import views
from api._lib.programs.model import CreationType, NewSession, Program, ProgramView
from api._lib.programs.rules.status import effective
from api._lib.programs.service import asked, events
from api._lib.programs.service.creating import first_sessions
from api._lib.programs.service.reading import found
from api._lib.programs.service.room import check_room
from api._lib.programs.store import dates, reading, writing

FIELDS = {
    "goals": "goals",
    "methods": "methods",
    "days": "daysOfWeek",
    "beliefs": "overtuigingen",
}


class Changes(Struct, frozen=True, kw_only=True):
    """What is to be different; a list that is given replaces the stored one."""

    goals: Sequence[str] | UnsetType = UNSET
    methods: Sequence[str] | UnsetType = UNSET
    days: Sequence[str] | UnsetType = UNSET
    beliefs: Sequence[str] | UnsetType = UNSET
    notes: str | UnsetType | None = UNSET


async def change(ctx: Context, user: User, program_id: str, changes: Changes) -> ProgramView:
    """Change a program; what is not given stays, and nothing new leaves no trace.

    Raises a 400 for unknown content, a 404, and a 409 when a draft gets content over the days of
    another program.
    """
    lists = _lists(changes)
    before, _ = await found(ctx, user, program_id)
    for name, ids in lists.items():
        await asked.check_known(ctx, {FIELDS[name]: ids}, getattr(before, name))
    async with ctx.db.transaction() as tx:
        await dates.hold_user(tx, user.id)
        held = await reading.hold(tx, user.id, program_id)
        if held is None:
            raise not_found()
        program = _changed(held.program, lists, changes.notes)
        if program != held.program:
            program = await _store(tx, ctx, user, held, program)
    return views.program_view(program, ctx.today(user))


async def _store(
    tx: Transaction, ctx: Context, user: User, held: reading.Held, program: Program
) -> Program:
    today = ctx.today(user)
    program = structs.replace(
        program, status=effective(program.status, program.start, program.end, today)
    )
    if held.is_draft:
        await check_room(tx, user.id, program.start, program.end, today, program.id)
    await writing.update(tx, program)
    for name in FIELDS:
        if getattr(program, name) != getattr(held.program, name):
            await writing.replace_list(tx, program.id, name, getattr(program, name))
    sessions = await _missing_sessions(tx, held, program, today)
    await notifications.mark_for_planning(tx, user.id, "program changed")
    saved = events.sessions_saved(user.id, (session.id for session in sessions))
    await enqueue(tx, [events.program_saved(user.id, program.id), *saved])
    return program


async def _missing_sessions(
    tx: Transaction, held: reading.Held, program: Program, today: date
) -> list[NewSession]:
    if held.has_sessions or program.creation_type is not CreationType.MANUAL:
        return []
    return await first_sessions(tx, program, today)


def _lists(changes: Changes) -> dict[str, tuple[str, ...]]:
    given = {name: getattr(changes, name) for name in FIELDS}
    return {
        name: asked.distinct(FIELDS[name], ids)
        for name, ids in given.items()
        if not isinstance(ids, UnsetType)
    }


def _changed(
    program: Program, lists: dict[str, tuple[str, ...]], notes: str | UnsetType | None
) -> Program:
    given = {} if isinstance(notes, UnsetType) else {"notes": notes or None}
    return structs.replace(program, **lists, **given)
