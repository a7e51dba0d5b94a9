"""Records of content as the client sees them; pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from api._lib.airtable import content as tables
from api._lib.airtable.model import Table
from api._lib.airtable.records import Record
from api._lib.content import cells
from api._lib.content.model import Belief, Category, Day, Goal, Habit, Media, Method
from api._lib.content.rules import attachment_link
from api._lib.content.store.prompts import Prompt
from api._lib.wire import filled

Names = Mapping[str, str]
SUNDAY = 7


class Maker(Struct, frozen=True):
    """How the records of a table are shown, and in which order if not in that of the view."""

    table: Table
    make: Callable[[Record, Names], Any]
    place: Callable[[Record], Any] = lambda record: 0

    def things(self, records: Iterable[Record], names: Names) -> list[Any]:
        """What the records stand for."""
        return [self.make(record, names) for record in sorted(records, key=self.place)]


def name_of(record: Record) -> str:
    """The name of a record, empty where it has none."""
    return record.text("name") or ""


def has_name(record: Record) -> bool:
    """Whether a list may show the record."""
    return bool(name_of(record).strip())


def method_cells(record: Record, levels: Names) -> dict[str, Any]:
    """What is shown of a method; `levels` are the names of experience levels."""
    photo = record.file("photo", thumbnail=True)
    level_ids = record.links("experienceLevel")
    return {
        "id": record.id,
        "name": name_of(record),
        "duration": cells.duration(record),
        "description": filled(record.text("description")),
        "experience_level_ids": level_ids,
        "experience_level": filled(levels.get(level_ids[0]) if level_ids else None),
        "optimal_frequency": record.selects("optimalFrequency"),
        "linked_goal_ids": record.links("linkedGoals"),
        "techniek": filled(record.text("techniek")),
        "photo": filled(attachment_link(record.id, photo.filename) if photo else None),
        "media": record.links("media"),
        "points_value": cells.points(record),
    }


def media(record: Record) -> Media | None:
    """A file of a method; nothing when the record holds none."""
    file = record.file("file")
    if file is None:
        return None
    return Media(
        id=record.id,
        filename=filled(record.text("filename")),
        type=filled(record.text("type")),
        url=attachment_link(record.id, file.filename),
    )


def prompt(record: Record) -> Prompt:
    """A text for a language model."""
    return Prompt(
        name=name_of(record),
        text=record.text("prompt") or "",
        is_system=cells.prompt_type(record) == cells.SYSTEM_PROMPT,
        goal_ids=tuple(record.links("goals")),
    )


def _goal(record: Record, _: Names) -> Goal:
    return Goal(
        id=record.id,
        name=name_of(record),
        description=filled(record.text("description")),
        status=filled(cells.goal_status(record)),
    )


def _belief(record: Record, _: Names) -> Belief:
    return Belief(
        id=record.id,
        name=name_of(record),
        category_ids=record.links("category"),
        goal_ids=record.links("goals"),
        order=cells.order(record),
        levels=record.selects("levels"),
    )


def _category(record: Record, _: Names) -> Category:
    return Category(
        id=record.id,
        name=name_of(record),
        overtuiging_ids=record.links("overtuigingen"),
        goal_ids=record.links("goals"),
        order=cells.order(record),
        content=filled(record.text("content")),
    )


def _habit(record: Record, _: Names) -> Habit:
    return Habit(id=record.id, name=name_of(record), notes=filled(record.text("notes")))


def _weekday(record: Record) -> tuple[int, str]:
    return cells.iso_weekday(record) or SUNDAY + 1, record.id


MAKERS: Mapping[str, Maker] = {
    "methods": Maker(tables.METHODS, lambda record, names: Method(**method_cells(record, names))),
    "goals": Maker(tables.GOALS, _goal),
    "daysOfWeek": Maker(
        tables.DAYS_OF_WEEK, lambda record, _: Day(record.id, name_of(record)), _weekday
    ),
    "overtuigingen": Maker(tables.OVERTUIGINGEN, _belief, cells.order),
    "mindsetCategories": Maker(tables.MINDSET_CATEGORIES, _category),
    "goedeGewoontes": Maker(tables.GOEDE_GEWOONTES, _habit),
}
"""By logical name of the table."""
