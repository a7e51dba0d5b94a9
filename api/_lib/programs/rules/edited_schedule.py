"""Checking the schedule that a person edited before it is stored."""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec import Struct

from api._lib.programs.rules.brief import BriefMethod
from api._lib.programs.rules.calendar import TrainingDate, day_name
from api._lib.programs.rules.plan import PlannedDay, planned_day


class EditedDay(Struct, frozen=True):
    """A day as it came back from the person."""

    date: date
    day_id: str
    method_ids: tuple[str, ...]


class ScheduleError(Exception):
    """The schedule cannot be stored; `problem` says what is wrong with it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def checked(
    days: Sequence[EditedDay],
    start: date,
    end: date,
    weekday_ids: Mapping[str, str],
    methods: Mapping[str, BriefMethod],
) -> list[PlannedDay]:
    """The days to store, by date; ScheduleError when a date or method does not belong (P10)."""
    dates = [day.date for day in days]
    if len(set(dates)) < len(dates):
        raise ScheduleError("schedule_date_twice")
    if any(not start <= day <= end for day in dates):
        raise ScheduleError("schedule_date_outside")
    if any(id not in methods for day in days for id in day.method_ids):
        raise ScheduleError("schedule_method_unknown")
    planned = [_planned(day, weekday_ids, methods) for day in days if day.method_ids]
    if not planned:
        raise ScheduleError("schedule_empty")
    return sorted(planned, key=lambda day: day.date)


def _planned(
    day: EditedDay, weekday_ids: Mapping[str, str], methods: Mapping[str, BriefMethod]
) -> PlannedDay:
    name = day_name(day.date)
    when = TrainingDate(day.date, name, weekday_ids.get(name, day.day_id))
    return planned_day(when, (methods[id] for id in dict.fromkeys(day.method_ids)))
