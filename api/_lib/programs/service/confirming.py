"""Storing a plan after its review."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from api._lib.content import service as content
from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.programs.answers import Confirmed
from api._lib.programs.rules.calendar import day_name
from api._lib.programs.rules.changes import united
from api._lib.programs.rules.edited_schedule import EditedDay, ScheduleError, checked
from api._lib.programs.rules.plan import PlannedDay
from api._lib.programs.rules.repair import weekly_minutes
from api._lib.programs.rules.text import MAX_NAME, clean_name
from api._lib.programs.service import asked
from api._lib.programs.service.scheduling import brief_methods
from api._lib.programs.service.storing import PlannedProgram, store
from api._lib.wire import filled, is_record_id

MAX_HABITS = 3
MAX_NEW_BELIEFS = 20
MAX_BELIEF_NAME = 200


class Confirmation(Struct, frozen=True, kw_only=True):
    """A plan as it comes back from its review."""

    goals: Sequence[str]
    start: date
    duration: str
    days: Sequence[str]
    schedule: Sequence[EditedDay]
    summary: str = ""
    name: str = ""
    beliefs: Sequence[str] = ()
    own_beliefs: Sequence[str] = ()
    habits: Sequence[str] = ()


async def confirm(ctx: Context, user: User, given: Confirmation) -> Confirmed:
    """Store a reviewed plan; nothing in it is taken on trust (P10).

    Raises a 400 for what cannot be stored and a 409 for days of another program.
    """
    planned = await _planned(ctx, given)
    program = await store(ctx, user, planned)
    return Confirmed(
        program=program,
        ai_schedule=planned.schedule,
        weekly_session_time=weekly_minutes(planned.schedule, planned.period.weeks),
        recommendations=(),
        program_summary=filled(given.summary),
    )


async def _planned(ctx: Context, given: Confirmation) -> PlannedProgram:
    period = asked.period(given.start, given.duration)
    goals = asked.distinct("goals", given.goals)
    days = asked.distinct("daysOfWeek", given.days)
    beliefs = asked.distinct("overtuigingen", given.beliefs)
    known = {"goals": goals, "daysOfWeek": days, "overtuigingen": beliefs}
    await asked.check_known(ctx, known)
    return PlannedProgram(
        period=period,
        name=_name(given.name),
        notes=given.summary or None,
        goals=goals,
        days=days,
        beliefs=beliefs,
        own_beliefs=_own_beliefs(given.own_beliefs),
        habits=await _habits(ctx, given.habits),
        schedule=await _schedule(ctx, given.schedule, period),
    )


async def _schedule(
    ctx: Context, days: Sequence[EditedDay], period: asked.Period
) -> list[PlannedDay]:
    ids = united(*(day.method_ids for day in days))
    await asked.check_known(ctx, {"editedSchedule": ids})
    methods = brief_methods(await content.by_id(ctx, content.METHODS, ids))
    weekdays = {day.name: day.id for day in await content.items(ctx, content.DAYS)}
    await _check_days(ctx, days, weekdays)
    try:
        return checked(days, period.start, period.end, weekdays, {m.id: m for m in methods})
    except ScheduleError as error:
        raise bad_request(error.problem) from None


async def _check_days(ctx: Context, days: Sequence[EditedDay], weekdays: dict[str, str]) -> None:
    """Day ids count only while there is no content to replace them with; then they must fit."""
    ids = united(day.day_id for day in days if day_name(day.date) not in weekdays)
    if not all(map(is_record_id, ids)):
        raise bad_request("reference_unknown", field="dayId")
    await asked.check_known(ctx, {"daysOfWeek": ids})


async def _habits(ctx: Context, ids: Sequence[str]) -> list[str]:
    distinct = united(id for id in ids if is_record_id(id))
    unknown = await content.unknown(ctx, content.HABITS, distinct) if distinct else []
    return [id for id in distinct if id not in unknown][:MAX_HABITS]


def _name(text: str) -> str | None:
    name = clean_name(text, len(text))
    if len(name) > MAX_NAME:
        raise bad_request("field_too_long", field="programName", limit=MAX_NAME)
    return name or None


def _own_beliefs(names: Sequence[str]) -> list[str]:
    trimmed = (name.strip() for name in names)
    return [name for name in trimmed if 0 < len(name) <= MAX_BELIEF_NAME][:MAX_NEW_BELIEFS]
