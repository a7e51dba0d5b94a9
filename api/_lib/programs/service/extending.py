"""Letting a program go on longer."""

from collections.abc import Sequence
from datetime import date

from msgspec import structs

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request, not_found
from api._lib.notifications import service as notifications
from api._lib.outbox import Event, enqueue
from api._lib.programs import views
from api._lib.programs.answers import Extended
from api._lib.programs.model import NewSession, Program
from api._lib.programs.rules.calendar import MAX_PROGRAM_WEEKS, duration_text
from api._lib.programs.rules.changes import Extension, extension
from api._lib.programs.rules.distribution import simple_schedule
from api._lib.programs.rules.status import by_dates
from api._lib.programs.service import events
from api._lib.programs.service.room import check_room
from api._lib.programs.service.scheduling import dates_between, new_sessions, usable_methods
from api._lib.programs.store import dates, reading, writing


async def extend(ctx: Context, user: User, program_id: str, weeks: int) -> Extended:
    """Add weeks with sessions to a program, computed from its end as it is once it is ours.

    Raises a 404, a 400 when it has nothing to plan with or would get too long, and a 409 for days
    of another program (P21).
    """
    today = ctx.today(user)
    async with ctx.db.transaction() as tx:
        await dates.hold_user(tx, user.id)
        held = await reading.hold(tx, user.id, program_id)
        if held is None:
            raise not_found()
        added = extension(held.program.start, held.program.end, today, weeks)
        sessions = await _sessions(tx, held.program, added)
        await check_room(tx, user.id, added.start, added.end, today, held.program.id)
        program = _longer(held.program, added, today)
        await writing.update(tx, program, added.weeks)
        await writing.insert_sessions(tx, program.id, sessions, program.goals)
        await notifications.mark_for_planning(tx, user.id, "program extended")
        await enqueue(tx, _events(user, program, sessions))
    return Extended(views.program_view(program, today), len(sessions), added.start, added.end)


async def _sessions(tx: Transaction, program: Program, added: Extension) -> list[NewSession]:
    if added.weeks > MAX_PROGRAM_WEEKS:
        raise bad_request("program_too_long", limit=MAX_PROGRAM_WEEKS)
    training = await dates_between(tx, added.start, added.end, program.days)
    if not training:
        raise bad_request("no_training_days")
    methods = await usable_methods(tx, program.methods)
    if not methods:
        raise bad_request("no_methods")
    taken = await reading.session_dates(tx, program.id)
    free = [when for when in training if when.date not in taken]
    return new_sessions(simple_schedule(methods, free))


def _longer(program: Program, added: Extension, today: date) -> Program:
    # Extending is the one way out of being finished.
    return structs.replace(
        program,
        end=added.end,
        duration=duration_text(added.weeks),
        status=by_dates(program.start, added.end, today),
    )


def _events(user: User, program: Program, sessions: Sequence[NewSession]) -> list[Event]:
    ids = (session.id for session in sessions)
    saved = events.sessions_saved(user.id, ids, events.SESSION_EDITED)
    return [events.program_saved(user.id, program.id), *saved]
