"""Storing a program after its review."""

from datetime import date
from typing import Annotated

from msgspec import Meta, field

from api._lib.context import Context, User
from api._lib.programs import service as programs
from api._lib.programs.answers import Confirmed
from api._lib.wire import Body, RecordId, Reply
from api.programs._wish import Wish


class Method(Body):
    """A method of a day; its name and minutes are ours to say."""

    method_id: RecordId


class Day(Body, kw_only=True):
    """A day of the reviewed schedule; it may have been emptied."""

    date: date
    day_id: Annotated[str, Meta(max_length=64)]
    methods: Annotated[list[Method], Meta(max_length=100)]


class Habit(Body):
    """A habit that goes with the program."""

    goede_gewoonte_id: Annotated[str, Meta(max_length=64)]


class Reviewed(Wish, kw_only=True):
    """The program as it comes back from its review."""

    edited_schedule: Annotated[list[Day], Meta(min_length=1, max_length=366)]
    program_summary: Annotated[str, Meta(max_length=5_000)] = ""
    program_name: str = ""
    overtuigingen: list[RecordId] = field(default_factory=list)
    custom_overtuigingen: list[Annotated[str, Meta(max_length=2_000)]] = field(default_factory=list)
    selected_goede_gewoontes: list[Habit] = field(default_factory=list)


async def post(ctx: Context, user: User, body: Reviewed) -> Reply[Confirmed]:
    """Store the program whole; days of another program are refused."""
    given = programs.Confirmation(
        goals=body.goals,
        start=body.start_date,
        duration=body.duration,
        days=body.days_of_week,
        schedule=[_edited(day) for day in body.edited_schedule],
        summary=body.program_summary,
        name=body.program_name,
        beliefs=body.overtuigingen,
        own_beliefs=body.custom_overtuigingen,
        habits=[habit.goede_gewoonte_id for habit in body.selected_goede_gewoontes],
    )
    return Reply(await programs.confirm(ctx, user, given), status=201)


def _edited(day: Day) -> programs.EditedDay:
    methods = tuple(method.method_id for method in day.methods)
    return programs.EditedDay(day.date, day.day_id, methods)
