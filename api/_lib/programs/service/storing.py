"""Storing a planned program whole, in one transaction (P9)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.programs import views
from api._lib.programs.contracts import Outcome
from api._lib.programs.model import CreationType, Program, ProgramView
from api._lib.programs.rules.plan import PlannedDay, method_ids
from api._lib.programs.rules.status import by_dates
from api._lib.programs.service.asked import Period
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.room import check_room
from api._lib.programs.service.scheduling import new_sessions
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
    store = PROGRAMS.store(ctx)
    program_id = uuid4()
    program = _program(program_id, planned, today)
    days = (program.start, program.end)
    if planned.own_beliefs:
        # They may be stored before the program, so what is hopeless must not get that far.
        await check_room(store.shelf(ctx, user), days, today)
    async with (
        tracking.own_beliefs(ctx, user, program_id, planned.own_beliefs) as own,
        store.work(ctx, user, "program created") as work,
    ):
        outcome = Outcome(
            program=program,
            weeks=planned.period.weeks,
            sessions=new_sessions(planned.schedule),
            drafts=await check_room(work, days, today),
            own_beliefs=own,
            habits=planned.habits,
        )
        stored = await work.store(outcome)
    return views.program_view(stored, today)


def _program(id: UUID, planned: PlannedProgram, today: date) -> Program:
    period = planned.period
    return Program(
        id=id,
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
