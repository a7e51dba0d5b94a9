"""Putting a new schedule in the place of the sessions of later days, in one transaction."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct, structs

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import conflict, not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import Event, enqueue
from api._lib.programs import views
from api._lib.programs.answers import Regenerated
from api._lib.programs.model import Program, Session
from api._lib.programs.rules.changes import is_open, united
from api._lib.programs.rules.plan import PlannedDay, method_ids
from api._lib.programs.rules.status import effective
from api._lib.programs.service import events
from api._lib.programs.service.scheduling import new_sessions
from api._lib.programs.store import dates, reading, removing, writing
from api._lib.wire import Key


class Rest(Struct, frozen=True, kw_only=True):
    """The new plan for the rest of a program, and the dates it was made for."""

    program_id: Key
    period: tuple[date, date]
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
    today = ctx.today(user)
    async with ctx.db.transaction() as tx:
        before = await _hold(tx, user, rest)
        sessions = await reading.sessions_of(tx, before.id)
        check_unused(sessions, today, rest.force)
        kept = [session for session in sessions if not is_open(session.date, today)]
        gone = [session.id for session in sessions if is_open(session.date, today)]
        program = _updated(before, rest, kept, today)
        changed = await _store(tx, user, before, program)
        replaced = await _exchange(tx, user, program, gone, rest.schedule)
        await notifications.mark_for_planning(tx, user.id, "program planned anew")
        await enqueue(tx, [*changed, *replaced])
    view = views.program_view(program, today)
    return Regenerated(view, len(kept), len(rest.schedule), len(gone), rest.schedule)


async def _hold(tx: Transaction, user: User, rest: Rest) -> Program:
    await dates.hold_user(tx, user.id)
    held = await reading.hold_alone(tx, user.id, str(rest.program_id))
    if held is None:
        raise not_found()
    if (held.program.start, held.program.end) != rest.period:
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


async def _store(tx: Transaction, user: User, before: Program, program: Program) -> list[Event]:
    await writing.update(tx, program)
    for name in ("days", "goals", "methods"):
        if getattr(program, name) != getattr(before, name):
            await writing.replace_list(tx, program.id, name, getattr(program, name))
    return [events.program_saved(user.id, program.id)]


async def _exchange(
    tx: Transaction,
    user: User,
    program: Program,
    gone: Sequence[Key],
    schedule: Sequence[PlannedDay],
) -> list[Event]:
    released = await removing.release_completions(tx, gone)
    await removing.delete_sessions(tx, gone)
    sessions = new_sessions(schedule)
    await writing.insert_sessions(tx, program.id, sessions, program.goals)
    return [
        *events.completions_saved(user.id, released),
        *events.sessions_gone(user.id, gone, events.SESSION),
        *events.sessions_saved(user.id, (session.id for session in sessions)),
    ]
