"""What requests ask for, checked: periods and ids of content."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from api._lib.content import service as content
from api._lib.context import Context
from api._lib.errors import bad_request
from api._lib.programs.rules.calendar import end_date, weeks_asked

YEARS = range(2000, 2101)
MAX_DURATION = 32
KINDS: Mapping[str, content.ContentList[Any]] = {
    "goals": content.GOALS,
    "methods": content.METHODS,
    "daysOfWeek": content.DAYS,
    "overtuigingen": content.BELIEFS,
    "editedSchedule": content.METHODS,
}
LIMITS = {"goals": 50, "methods": 100, "daysOfWeek": 7, "overtuigingen": 100}


class Period(Struct, frozen=True):
    """From when to when, and the text that said how long."""

    start: date
    end: date
    weeks: int
    duration: str


def period(start: date, duration: str) -> Period:
    """The period a request asks for; raises a 400 for one that cannot be (P8)."""
    text = duration.strip()
    weeks = weeks_asked(text)
    if start.year not in YEARS:
        raise bad_request("field_invalid", field="startDate")
    if weeks is None or len(text) > MAX_DURATION:
        raise bad_request("field_invalid", field="duration")
    return Period(start, end_date(start, weeks), weeks, text)


def distinct(field: str, ids: Sequence[str], limit: int | None = None) -> tuple[str, ...]:
    """The ids without repeats; raises a 400 when there are too many."""
    found = tuple(dict.fromkeys(ids))
    limit = limit or LIMITS[field]
    if len(found) > limit:
        raise bad_request("field_too_long", field=field, limit=limit)
    return found


async def check_known(
    ctx: Context, given: Mapping[str, Sequence[str]], stored: Collection[str] = ()
) -> None:
    """Refuse ids without a record; raises a 400. What is stored already always passes (D4)."""
    for field, ids in given.items():
        fresh = [id for id in ids if id not in stored]
        if fresh and await content.unknown(ctx, KINDS[field], fresh):
            raise bad_request("reference_unknown", field=field)
