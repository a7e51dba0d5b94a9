"""Planning a program with a language model: to review first, or to store at once."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from api._lib.content import service as content
from api._lib.content.model import Method
from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.programs.answers import (
    AvailableMethod,
    Generated,
    Preview,
    SelectedHabit,
    SuggestedBelief,
    SuggestedHabit,
)
from api._lib.programs.rules.calendar import training_dates
from api._lib.programs.rules.plan import Plan
from api._lib.programs.service import asked
from api._lib.programs.service.briefing import Subject, gather
from api._lib.programs.service.choosing import PROGRAMS
from api._lib.programs.service.planning import check_configured, plan
from api._lib.programs.service.room import check_room
from api._lib.programs.service.scheduling import weekdays
from api._lib.programs.service.storing import PlannedProgram, store


class Request(Struct, frozen=True, kw_only=True):
    """What somebody wants planned."""

    goals: Sequence[str]
    start: date
    duration: str
    days: Sequence[str]


async def preview(ctx: Context, user: User, request: Request) -> Preview:
    """A plan to review; nothing is stored. Raises a 400, and what the language model may raise."""
    wish = await _checked(ctx, request)
    made = await plan(ctx, user, await gather(ctx, wish.subject))
    beliefs = await content.by_id(ctx, content.BELIEFS, [belief.id for belief in made.beliefs])
    order = {belief.id: belief.order for belief in beliefs}
    return Preview(
        ai_schedule=made.days,
        weekly_session_time=made.weekly_minutes,
        recommendations=made.recommendations,
        program_summary=made.summary,
        program_name=made.name,
        available_methods=[_available(m) for m in await content.items(ctx, content.METHODS)],
        selected_goals=await content.by_id(ctx, content.GOALS, wish.goals),
        suggested_overtuigingen=[
            SuggestedBelief(belief.id, belief.name, order.get(belief.id, 0))
            for belief in made.beliefs
        ],
        suggested_goede_gewoontes=[
            SuggestedHabit(habit.id, habit.name, habit.reason) for habit in made.habits
        ],
    )


async def generate(ctx: Context, user: User, request: Request) -> Generated:
    """Plan a program and store it as it was planned, under the rules of a review (P11)."""
    wish = await _checked(ctx, request)
    shelf = PROGRAMS.store(ctx).shelf(ctx, user)
    await check_room(shelf, (wish.period.start, wish.period.end), ctx.today(user))
    made = await plan(ctx, user, await gather(ctx, wish.subject))
    program = await store(ctx, user, _planned(wish, made))
    return Generated(
        program=program,
        ai_schedule=made.days,
        weekly_session_time=made.weekly_minutes,
        recommendations=made.recommendations,
        program_summary=made.summary,
        program_name=made.name,
        selected_goede_gewoontes=[
            SelectedHabit(habit.id, habit.name, habit.reason) for habit in made.habits
        ],
    )


class _Wish(Struct, frozen=True, kw_only=True):
    period: asked.Period
    goals: Sequence[str]
    days: Sequence[str]
    subject: Subject


async def _checked(ctx: Context, request: Request) -> _Wish:
    period = asked.period(request.start, request.duration)
    goals = asked.distinct("goals", request.goals)
    days = asked.distinct("daysOfWeek", request.days)
    await asked.check_known(ctx, {"goals": goals, "daysOfWeek": days})
    known = weekdays(await content.by_id(ctx, content.DAYS, days))
    dates = training_dates(period.start, period.end, known)
    if not dates:
        raise bad_request("no_training_days")
    check_configured(ctx)
    subject = Subject(start=period.start, weeks=period.weeks, dates=dates, goals=goals)
    return _Wish(period=period, goals=goals, days=days, subject=subject)


def _planned(wish: _Wish, made: Plan) -> PlannedProgram:
    return PlannedProgram(
        period=wish.period,
        name=made.name,
        notes=made.summary or None,
        goals=wish.goals,
        days=wish.days,
        beliefs=[belief.id for belief in made.beliefs],
        habits=[habit.id for habit in made.habits],
        schedule=made.days,
    )


def _available(method: Method) -> AvailableMethod:
    return AvailableMethod(
        id=method.id,
        name=method.name,
        duration=method.duration,
        description=method.description,
        optimal_frequency=method.optimal_frequency,
        photo=method.photo,
    )
