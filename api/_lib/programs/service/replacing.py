"""Putting a new schedule in the place of the sessions of later days, in one change."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct, structs

from api._lib.context import Context, User
from api._lib.errors import conflict, not_found
from api._lib.programs import views
from api._lib.programs.answers import Regenerated
from api._lib.programs.contracts import Outcome, Work
from api._lib.programs.model import Program, Session
from api._lib.programs.rules.changes import is_open, united
from api._lib.programs.rules.plan import PlannedDay, method_ids
from api._lib.programs.rules.status import effective
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.scheduling import new_sessions


class Rest(Struct, frozen=True, kw_only=True):
    """The new plan for the rest of a program, and the program that it was made for."""

    program: Program
    gone: Sequence[Session]
    days: tuple[str, ...]
    goals: tuple[str, ...] | None
    schedule: Sequence[PlannedDay]
    force: bool


def check_unused(sessions: Sequence[Session], today: date, force: bool) -> None:
    """Refuse to drop later sessions with activity unless told to; raises a 409."""
    used = [s for s in sessions if is_open(s.date, today) and s.completions]
    if used and not force:
        raise conflict("sessions_have_activity", count=len(used))


async def replace(ctx: Context, user: User, rest: Rest) -> Regenerated:
    """Drop the sessions of later days and store the new ones; raises a 404 or a 409.

    What was done in a dropped session stays with the program.
    """
    today, store = ctx.today(user), PROGRAMS.store(ctx)
    await store.loosen(ctx, user, rest.program, rest.gone)
    async with store.work(ctx, user, "program planned anew") as work:
        before = await _hold(work, rest)
        sessions = await work.sessions(before)
        check_unused(sessions, today, rest.force)
        kept = [session for session in sessions if not is_open(session.date, today)]
        gone = [session for session in sessions if is_open(session.date, today)]
        outcome = Outcome(
            program=_updated(before, rest, kept, today),
            before=before,
            sessions=new_sessions(rest.schedule),
            gone=gone,
        )
        program = await work.store(outcome)
    view = views.program_view(program, today)
    return Regenerated(view, len(kept), len(rest.schedule), len(gone), rest.schedule)


async def _hold(work: Work, rest: Rest) -> Program:
    held = await work.hold(str(rest.program.id), alone=True)
    if held is None:
        raise not_found()
    if (held.program.start, held.program.end) != (rest.program.start, rest.program.end):
        raise conflict("program_changed")
    return held.program


def _updated(program: Program, rest: Rest, kept: Sequence[Session], today: date) -> Program:
    planned = (*(session.methods for session in kept), method_ids(rest.schedule))
    return structs.replace(
        program,
        days=rest.days,
        goals=program.goals if rest.goals is None else rest.goals,
        methods=tuple(united(program.methods, *planned)),
        status=effective(program.status, program.start, program.end, today),
    )
