"""Changing the lists and notes of a program."""

from collections.abc import Sequence
from datetime import date

from msgspec import UNSET, Struct, UnsetType, structs

from api._lib.context import Context, User
from api._lib.errors import not_found
from api._lib.programs import views
from api._lib.programs.contracts import Held, Outcome, Work
from api._lib.programs.model import CreationType, NewSession, Program, ProgramView
from api._lib.programs.rules.changes import lacking
from api._lib.programs.rules.status import effective
from api._lib.programs.service import asked
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.creating import first_sessions
from api._lib.programs.service.reading import found
from api._lib.programs.service.room import check_room

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
    before, _ = await found(PROGRAMS.store(ctx).shelf(ctx, user), program_id)
    for name, ids in lists.items():
        await asked.check_known(ctx, {FIELDS[name]: ids}, getattr(before, name))
    async with PROGRAMS.store(ctx).work(ctx, user, "program changed") as work:
        held = await work.hold(program_id)
        if held is None:
            raise not_found()
        program = _changed(held.program, lists, changes.notes)
        if program != held.program:
            program = await _store(work, held, program, ctx.today(user))
    return views.program_view(program, ctx.today(user))


async def _store(work: Work, held: Held, program: Program, today: date) -> Program:
    status = effective(program.status, program.start, program.end, today)
    program = structs.replace(program, status=status)
    if held.is_draft:
        await check_room(work, (program.start, program.end), today, program.id)
    sessions = await _missing_sessions(work, held, program, today)
    return await work.store(Outcome(program=program, before=held.program, sessions=sessions))


async def _missing_sessions(
    work: Work, held: Held, program: Program, today: date
) -> list[NewSession]:
    has_schedule = held.has_sessions and not held.unfinished
    if has_schedule or program.creation_type is not CreationType.MANUAL:
        return []
    return lacking(await first_sessions(work, program, today), held.unfinished)


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
