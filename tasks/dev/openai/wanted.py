"""What a request asks for, read from its schema and its prompt as a model would."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from msgspec import Struct

WEEKDAYS = ("Maandag", "Dinsdag", "Woensdag", "Donderdag", "Vrijdag", "Zaterdag", "Zondag")
DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
RECORD_ID = re.compile(r"\brec[A-Za-z0-9]{14}\b")
MINUTES = re.compile(r"(\d+)\s*min", re.IGNORECASE)
NAMED = re.compile(r"\b(?:naam|name)\b[\"']?\s*[:=]\s*[\"']?([^\"|;,]+)", re.IGNORECASE)
SEPARATOR = re.compile(r"\s*[|;\t]\s*|\s+[-–—]\s+|[:,]\s+|[()\[\]{}]")
BAR = re.compile(r"\|")
LABELS = {"id", "naam", "name", "datum", "dag", "methode", *(day.lower() for day in WEEKDAYS)}
FREQUENCY = re.compile(r"frequentie:\s*([^|]*)", re.IGNORECASE)
# By the word in a heading; the first that fits.
SECTIONS = {"overtuiging": "belief", "gewoonte": "habit", "method": "method", "doel": "goal"}


class Item(Struct, frozen=True):
    """A method, belief or habit on offer."""

    id: str
    name: str
    minutes: int = 10
    weekly: bool = False
    place: int = 0


class TrainingDay(Struct, frozen=True):
    """A date that must be planned."""

    date: date
    weekday: str
    day_id: str


class Wanted(Struct, frozen=True):
    """Everything a program can be made of."""

    days: list[TrainingDay]
    methods: list[Item]
    beliefs: list[Item]
    habits: list[Item]
    goals: list[str]


def read(schema: dict[str, Any], prompt: str) -> Wanted:
    """Collect dates, methods and pools: ids from the schema's enums, else from the sections."""
    allowed = dict(_enums(schema))
    lines = [line.strip(" \t*-•#>") for line in prompt.splitlines()]
    sections = _sections(lines)
    days = [_day(text, lines, allowed.get("dayId", [])) for text in _dates(allowed, lines)]
    taken = {day.day_id for day in days}

    def items(kind: str, key: str) -> list[Item]:
        found = [name for name in _ids(sections.get(kind, ())) if name not in taken]
        # What is recommended comes first in the prompt.
        return sorted(
            (_item(id, lines) for id in allowed.get(key, found)), key=lambda item: item.place
        )

    return Wanted(
        days=days,
        methods=items("method", "methodId"),
        beliefs=items("belief", "overtuigingId"),
        habits=items("habit", "goedeGewoonteId"),
        goals=[_name(line, "") for line in sections.get("goal", ()) if _name(line, "")],
    )


def _enums(schema: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    if isinstance(schema, list):
        for part in schema:
            yield from _enums(part, name)
    if isinstance(schema, dict):
        if isinstance(schema.get("enum"), list):
            yield name, schema["enum"]
        for key, part in schema.items():
            yield from _enums(part, name if key in ("items", "anyOf") else key)


def _sections(lines: list[str]) -> dict[str, list[str]]:
    """Lines under each heading; a heading names no record and ends with a colon or stands alone."""
    sections: dict[str, list[str]] = {}
    kind, after_blank = "", True
    for line in lines:
        heading = line.endswith(":") or (after_blank and len(line) < 60)
        if line and heading and not RECORD_ID.search(line):
            kind = next((kind for word, kind in SECTIONS.items() if word in line.lower()), "")
        elif line and kind:
            sections.setdefault(kind, []).append(line)
        after_blank = not line
    return sections


def _dates(allowed: dict[str, list[str]], lines: list[str]) -> list[str]:
    listed = (found[0] for line in lines if RECORD_ID.search(line) and (found := DATE.search(line)))
    return sorted(set(allowed.get("date", listed)))


def _day(text: str, lines: list[str], day_ids: list[str]) -> TrainingDay:
    day = date.fromisoformat(text)
    weekday = WEEKDAYS[day.weekday()]
    for line in (*_with(text, lines), *_with(weekday, lines)):
        found = [id for id in (*day_ids, *RECORD_ID.findall(line)) if id in line]
        if found:
            return TrainingDay(day, weekday, found[0])
    return TrainingDay(day, weekday, day_ids[0] if day_ids else "")


def _with(text: str, lines: list[str]) -> Iterator[str]:
    return (line for line in lines if text.lower() in line.lower())


def _ids(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(id for line in lines for id in RECORD_ID.findall(line)))


def _item(id: str, lines: list[str]) -> Item:
    pattern = _whole(id)
    unlisted = len(lines), id
    place, line = next(
        ((n, line) for n, line in enumerate(lines) if pattern.search(line)), unlisted
    )
    minutes = MINUTES.search(line)
    frequency = FREQUENCY.search(line)
    return Item(
        id=id,
        name=_name(line, id) or id,
        minutes=int(minutes[1]) if minutes else 10,
        weekly=(frequency[1].strip() if frequency else line).lower() == "wekelijks",
        place=place,
    )


def _whole(id: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(id)}(?!\w)")


def _name(line: str, id: str) -> str:
    """The first part of a line that reads like a name; `|` separates, else any punctuation."""
    labelled = None if "|" in line else NAMED.search(line)
    if labelled:
        return labelled[1].strip()
    separator = BAR if "|" in line else SEPARATOR
    for part in separator.split(_whole(id).sub("|", line) if id else line):
        text = part.strip(" \"'.:*_-–—")
        known = text.lower() in LABELS or DATE.fullmatch(text) or MINUTES.match(text)
        if re.search(r"[^\W\d_]{2}", text) and not known and not RECORD_ID.search(text):
            return text
    return ""
