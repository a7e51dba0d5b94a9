"""Making a program by hand."""

from collections.abc import Sequence
from datetime import date
from uuid import uuid4

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.programs import views
from api._lib.programs.contracts import Outcome, Shelf
from api._lib.programs.model import CreationType, NewSession, Program, ProgramView
from api._lib.programs.rules.status import by_dates
from api._lib.programs.service import asked
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.room import check_room
from api._lib.programs.service.scheduling import simple_sessions


class NewProgram(Struct, frozen=True, kw_only=True):
    """A program that somebody wants to make."""

    start: date
    duration: str
    goals: Sequence[str] = ()
    methods: Sequence[str] = ()
    days: Sequence[str] = ()
    beliefs: Sequence[str] = ()
    notes: str | None = None


async def create(ctx: Context, user: User, wish: NewProgram) -> ProgramView:
    """Make a program, with sessions when days and methods are given.

    Raises a 400 for a period or content that cannot be and a 409 for days of another program.
    """
    today = ctx.today(user)
    period = asked.period(wish.start, wish.duration)
    program = _program(wish, period, today)
    await asked.check_known(ctx, _given(program))
    async with PROGRAMS.store(ctx).work(ctx, user, "program created") as work:
        drafts = await check_room(work, (program.start, program.end), today)
        sessions = await first_sessions(work, program, today)
        outcome = Outcome(program=program, weeks=period.weeks, sessions=sessions, drafts=drafts)
        stored = await work.store(outcome)
    return views.program_view(stored, today)


async def first_sessions(shelf: Shelf, program: Program, today: date) -> list[NewSession]:
    """The sessions of a program that has days, methods and no session yet (D1)."""
    if not (program.days and program.methods):
        return []
    period = (max(program.start, today), program.end)
    return await simple_sessions(shelf.queries, period, program.days, program.methods)


def _program(wish: NewProgram, period: asked.Period, today: date) -> Program:
    return Program(
        id=uuid4(),
        start=period.start,
        end=period.end,
        duration=period.duration,
        status=by_dates(period.start, period.end, today),
        creation_type=CreationType.MANUAL,
        notes=wish.notes or None,
        days=asked.distinct("daysOfWeek", wish.days),
        goals=asked.distinct("goals", wish.goals),
        methods=asked.distinct("methods", wish.methods),
        beliefs=asked.distinct("overtuigingen", wish.beliefs),
    )


def _given(program: Program) -> dict[str, Sequence[str]]:
    return {
        "goals": program.goals,
        "methods": program.methods,
        "daysOfWeek": program.days,
        "overtuigingen": program.beliefs,
    }
