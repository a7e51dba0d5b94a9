"""Schedules out of methods and days of the content, and sessions out of schedules."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import uuid4

from api._lib.content import service as content
from api._lib.content.model import Day, Method
from api._lib.db import Queries
from api._lib.programs.model import NewSession
from api._lib.programs.rules.brief import BriefMethod
from api._lib.programs.rules.calendar import TrainingDate, Weekday, training_dates
from api._lib.programs.rules.distribution import simple_schedule
from api._lib.programs.rules.plan import PlannedDay
from api._lib.programs.rules.text import session_description


def brief_methods(methods: Iterable[Method]) -> list[BriefMethod]:
    """Methods of the content as the rules know them; a nameless one goes by its id."""
    return [BriefMethod(m.id, m.name.strip() or m.id, m.duration) for m in methods]


def weekdays(days: Iterable[Day]) -> list[Weekday]:
    """Days of the content as the rules know them."""
    return [Weekday(day.id, day.name) for day in days]


def new_sessions(days: Iterable[PlannedDay]) -> list[NewSession]:
    """Sessions to store for a schedule."""
    return [
        NewSession(
            id=uuid4(),
            date=day.date,
            weekday_id=day.day_id,
            description=session_description(day.methods),
            methods=day.method_ids,
        )
        for day in days
    ]


async def usable_methods(db: Queries, ids: Sequence[str]) -> list[BriefMethod]:
    """Those of the methods that still exist, in reference order."""
    return brief_methods(await content.still_there(db, content.METHODS, ids))


async def dates_between(
    db: Queries, first: date, last: date, day_ids: Sequence[str]
) -> list[TrainingDate]:
    """Training dates on those of the days that still exist."""
    days = weekdays(await content.still_there(db, content.DAYS, day_ids))
    return training_dates(first, last, days)


async def simple_sessions(
    queries: Queries,
    period: tuple[date, date],
    day_ids: Sequence[str],
    method_ids: Sequence[str],
    taken: Collection[date] = (),
) -> list[NewSession]:
    """Sessions on all free training dates of a period, planned without any intelligence."""
    dates = await dates_between(queries, *period, day_ids)
    free = [when for when in dates if when.date not in taken]
    methods = await usable_methods(queries, method_ids)
    return new_sessions(simple_schedule(methods, free))
