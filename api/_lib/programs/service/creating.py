"""Making a program by hand."""

from collections.abc import Sequence
from datetime import date
from uuid import uuid4

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.outbox import enqueue
from api._lib.programs import views
from api._lib.programs.model import CreationType, NewSession, Program, ProgramView
from api._lib.programs.rules.status import by_dates
from api._lib.programs.service import asked, events
from api._lib.programs.service.room import make_room
from api._lib.programs.service.scheduling import simple_sessions
from api._lib.programs.store import dates, writing


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
    async with ctx.db.transaction() as tx:
        await dates.hold_user(tx, user.id)
        gone = await make_room(tx, user.id, program.start, program.end, today)
        await writing.insert(tx, user.id, program, period.weeks)
        sessions = await first_sessions(tx, program, today)
        await notifications.mark_for_planning(tx, user.id, "program created")
        saved = events.sessions_saved(user.id, (session.id for session in sessions))
        await enqueue(tx, [*gone, events.program_saved(user.id, program.id), *saved])
    return views.program_view(program, today)


async def first_sessions(tx: Transaction, program: Program, today: date) -> list[NewSession]:
    """Make the sessions of a program that has days, methods and no session yet (D1)."""
    if not (program.days and program.methods):
        return []
    period = (max(program.start, today), program.end)
    sessions = await simple_sessions(tx, period, program.days, program.methods)
    await writing.insert_sessions(tx, program.id, sessions, program.goals)
    return sessions


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
