"""Storing a planned program whole, in one transaction (P9)."""

from collections.abc import Sequence
from uuid import uuid4

from msgspec import Struct

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.notifications import service as notifications
from api._lib.outbox import Event, enqueue
from api._lib.programs import views
from api._lib.programs.model import CreationType, Program, ProgramView
from api._lib.programs.rules.plan import PlannedDay, method_ids
from api._lib.programs.rules.status import by_dates
from api._lib.programs.service import events
from api._lib.programs.service.asked import Period
from api._lib.programs.service.room import make_room
from api._lib.programs.service.scheduling import new_sessions
from api._lib.programs.store import dates, writing
from api._lib.tracking import service as tracking


class PlannedProgram(Struct, frozen=True, kw_only=True):
    """A checked plan with what goes with it."""

    period: Period
    name: str | None
    notes: str | None
    goals: Sequence[str]
    days: Sequence[str]
    beliefs: Sequence[str] = ()
    own_beliefs: Sequence[str] = ()
    habits: Sequence[str] = ()
    schedule: Sequence[PlannedDay]


async def store(ctx: Context, user: User, planned: PlannedProgram) -> ProgramView:
    """Store a plan: all of it or, on any error, nothing; raises a 409 for days already taken."""
    today = ctx.today(user)
    period = planned.period
    program = Program(
        id=uuid4(),
        name=planned.name,
        start=period.start,
        end=period.end,
        duration=period.duration,
        status=by_dates(period.start, period.end, today),
        creation_type=CreationType.AI,
        notes=planned.notes,
        days=tuple(planned.days),
        goals=tuple(planned.goals),
        methods=tuple(method_ids(planned.schedule)),
        beliefs=tuple(planned.beliefs),
    )
    sessions = new_sessions(planned.schedule)
    async with ctx.db.transaction() as tx:
        await dates.hold_user(tx, user.id)
        gone = await make_room(tx, user.id, period.start, period.end, today)
        await writing.insert(tx, user.id, program, period.weeks)
        await writing.insert_sessions(tx, program.id, sessions, program.goals)
        own = await _companions(tx, user, program, planned)
        await notifications.mark_for_planning(tx, user.id, "program created")
        saved = events.sessions_saved(user.id, (session.id for session in sessions))
        await enqueue(tx, [*gone, events.program_saved(user.id, program.id), *saved, *own])
    return views.program_view(program, today)


async def _companions(
    tx: Transaction, user: User, program: Program, planned: PlannedProgram
) -> list[Event]:
    if planned.habits:
        await content.choose_habits(tx, user.id, planned.habits)
    if not planned.own_beliefs:
        return []
    return await tracking.add_personal_beliefs(tx, user.id, program.id, planned.own_beliefs)
