"""A finished plan: every training date once, known methods only."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from api._lib.programs.rules.brief import BriefMethod
from api._lib.programs.rules.calendar import TrainingDate


class PlannedMethod(Struct, frozen=True, rename="camel"):
    """A method of a day, named and timed as in the reference data."""

    method_id: str
    method_name: str
    duration: int


class PlannedDay(Struct, frozen=True, rename="camel"):
    """A day of a schedule as the web client reads and edits it."""

    date: date
    day_of_week: str
    day_id: str
    methods: tuple[PlannedMethod, ...]

    @property
    def method_ids(self) -> list[str]:
        """Ids of its methods, in order."""
        return [method.method_id for method in self.methods]


class Chosen(Struct, frozen=True):
    """A belief or habit that goes with the plan."""

    id: str
    name: str
    reason: str


class Plan(Struct, frozen=True, kw_only=True):
    """What a language model planned, checked and repaired."""

    name: str
    summary: str
    recommendations: tuple[str, ...]
    days: tuple[PlannedDay, ...]
    weekly_minutes: int
    beliefs: tuple[Chosen, ...]
    habits: tuple[Chosen, ...]


def planned_day(when: TrainingDate, methods: Iterable[BriefMethod]) -> PlannedDay:
    """A day with weekday, names and minutes from the reference data, whatever was said."""
    planned = tuple(PlannedMethod(m.id, m.name, m.minutes) for m in methods)
    return PlannedDay(when.date, when.day_of_week, when.day_id, planned)


def method_ids(days: Iterable[PlannedDay]) -> list[str]:
    """The methods of a schedule once each, in order of first appearance."""
    return list(dict.fromkeys(id for day in days for id in day.method_ids))
