"""Letting a program go on longer."""

from datetime import date

from msgspec import structs

from api._lib.context import Context, User
from api._lib.errors import bad_request, not_found
from api._lib.programs import events, views
from api._lib.programs.answers import Extended
from api._lib.programs.contracts import Outcome, Work
from api._lib.programs.model import NewSession, Program
from api._lib.programs.rules.calendar import MAX_PROGRAM_WEEKS, duration_text
from api._lib.programs.rules.changes import Extension, extension
from api._lib.programs.rules.distribution import simple_schedule
from api._lib.programs.rules.status import by_dates
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.room import check_room
from api._lib.programs.service.scheduling import dates_between, new_sessions, usable_methods


async def extend(ctx: Context, user: User, program_id: str, weeks: int) -> Extended:
    """Add weeks with sessions to a program, computed from its end as it is once it is ours.

    Raises a 404, a 400 when it has nothing to plan with or would get too long, and a 409 for days
    of another program (P21).
    """
    today = ctx.today(user)
    async with PROGRAMS.store(ctx).work(ctx, user, "program extended") as work:
        held = await work.hold(program_id)
        if held is None:
            raise not_found()
        added = extension(held.program.start, held.program.end, today, weeks)
        sessions = await _sessions(work, held.program, added)
        await check_room(work, (added.start, added.end), today, held.program.id)
        outcome = Outcome(
            program=_longer(held.program, added, today),
            before=held.program,
            weeks=added.weeks,
            sessions=sessions,
            priority=events.SESSION_EDITED,
        )
        program = await work.store(outcome)
    return Extended(views.program_view(program, today), len(sessions), added.start, added.end)


async def _sessions(work: Work, program: Program, added: Extension) -> list[NewSession]:
    if added.weeks > MAX_PROGRAM_WEEKS:
        raise bad_request("program_too_long", limit=MAX_PROGRAM_WEEKS)
    training = await dates_between(work.queries, added.start, added.end, program.days)
    if not training:
        raise bad_request("no_training_days")
    methods = await usable_methods(work.queries, program.methods)
    if not methods:
        raise bad_request("no_methods")
    taken = {session.date for session in await work.sessions(program)}
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
