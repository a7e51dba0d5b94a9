"""Planning the remaining days of a program anew.

Everything is computed first, the language model included; only then one short transaction changes
the schedule. Whatever fails before leaves the old schedule whole (P4).
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.programs.answers import Regenerated
from api._lib.programs.contracts import Shelf
from api._lib.programs.model import CreationType, Program, Session
from api._lib.programs.rules.brief import Earlier
from api._lib.programs.rules.calendar import TrainingDate, weeks_spanned
from api._lib.programs.rules.changes import first_open_day, is_open
from api._lib.programs.rules.distribution import simple_schedule
from api._lib.programs.rules.plan import PlannedDay
from api._lib.programs.service import asked
from api._lib.programs.service.briefing import Subject, gather
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.planning import check_configured, plan
from api._lib.programs.service.reading import found
from api._lib.programs.service.replacing import Rest, check_unused, replace
from api._lib.programs.service.scheduling import dates_between, usable_methods

RECENT = 10


class Regeneration(Struct, frozen=True, kw_only=True):
    """How the rest is to be planned; without goals those of the program stay."""

    days: Sequence[str]
    goals: Sequence[str] | None = None
    method: Literal["ai", "simple"] = "simple"
    force: bool = False


async def regenerate(ctx: Context, user: User, program_id: str, wish: Regeneration) -> Regenerated:
    """Replace the sessions of later days.

    Raises a 400 when there is nothing to plan, a 404, a 409 when later sessions hold activity and
    `force` is not set or the program's dates changed meanwhile, and what the language model may.
    """
    goals = None if wish.goals is None else asked.distinct("goals", wish.goals)
    days = asked.distinct("daysOfWeek", wish.days)
    shelf = PROGRAMS.store(ctx).shelf(ctx, user)
    before, direct = await found(shelf, program_id)
    await asked.check_known(ctx, {"daysOfWeek": days}, before.days)
    await asked.check_known(ctx, {"goals": goals or ()}, before.goals)
    sessions = await shelf.sessions(before)
    check_unused(sessions, ctx.today(user), wish.force)
    wanted = structs.replace(before, days=days, goals=before.goals if goals is None else goals)
    schedule = await _schedule(ctx, user, shelf, wanted, wish, sessions, direct)
    rest = Rest(
        program=before,
        gone=[session for session in sessions if is_open(session.date, ctx.today(user))],
        days=days,
        goals=goals,
        schedule=schedule,
        force=wish.force,
    )
    return await replace(ctx, user, rest)


async def _schedule(
    ctx: Context,
    user: User,
    shelf: Shelf,
    wanted: Program,
    wish: Regeneration,
    sessions: Sequence[Session],
    direct: int,
) -> Sequence[PlannedDay]:
    today = ctx.today(user)
    first = first_open_day(wanted.start, today)
    training = await dates_between(shelf.queries, first, wanted.end, wanted.days)
    if not training:
        raise bad_request("no_training_days")
    if wish.method == "ai" and wanted.creation_type is CreationType.AI:
        kept = [session for session in sessions if not is_open(session.date, today)]
        done = direct + sum(len(session.completed) for session in sessions)
        earlier = Earlier(len(kept), done, await _recent(ctx, shelf, wanted))
        return await _planned(ctx, user, wanted, training, earlier)
    methods = await usable_methods(shelf.queries, wanted.methods)
    if not methods:
        raise bad_request("no_methods")
    return simple_schedule(methods, training)


async def _recent(ctx: Context, shelf: Shelf, program: Program) -> tuple[str, ...]:
    recent = await shelf.recent_methods(program, RECENT)
    names = {m.id: m.name for m in await content.by_id(ctx, content.METHODS, recent)}
    return tuple(names[id] for id in recent if names.get(id))


async def _planned(
    ctx: Context, user: User, wanted: Program, training: Sequence[TrainingDate], earlier: Earlier
) -> Sequence[PlannedDay]:
    check_configured(ctx)
    subject = Subject(
        start=wanted.start,
        weeks=weeks_spanned(wanted.start, wanted.end),
        dates=training,
        goals=wanted.goals,
        earlier=earlier,
    )
    return (await plan(ctx, user, await gather(ctx, subject))).days
