"""Reading the cells of a record, tolerant of what editors type and of fields they retyped."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from api._lib.airtable.formula import is_record_id
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.model import Table
from api._lib.json_text import UNREADABLE

ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.*)?")
DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
# Postgres texts hold no NUL, and UTF-8 has no lone surrogates.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
YEARS = range(1900, 2200)
"""Other days are slips or stand for "never"; programs reckon weeks from days."""

LARGEST_NUMBER = 1e300


class RemoteFile(Struct, frozen=True):
    """The first attachment of a cell; the address expires, the identity does not."""

    url: str
    filename: str
    identity: tuple[str, int, str]


class Cells:
    """The cells of one record by the names of the mapping; what cannot be used is noted."""

    def __init__(self, table: Table, record: RemoteRecord) -> None:
        self._table = table
        self.record = record
        self.problems: list[str] = []

    def note(self, name: str, what: str) -> None:
        """Note that a cell could not be taken as it is; the value itself is never told (P5)."""
        self.problems.append(f"{name} {what}")

    def raw(self, name: str) -> Any:
        """The cell as Airtable answered it; None when it is empty."""
        value = self.record.fields.get(self._table.field(name).key)
        if isinstance(value, Mapping) and ("error" in value or "specialValue" in value):
            self.note(name, "is an error")
            return None
        return None if value is False or value == "" or value == [] else value

    def text(self, name: str) -> str | None:
        """A text; of a list of texts (lookups, multiple selects) the first."""
        value = self.raw(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if _is_number(value):
            value = str(int(value) if value == int(value) else value)
        if value is None or isinstance(value, str):
            return storable(value) if value else None
        self.note(name, "is no text")
        return None

    def number(self, name: str) -> float | None:
        """A finite number."""
        value = self.raw(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if _is_number(value):
            return value
        if value is not None:
            self.note(name, "is no number")
        return None

    def whole(self, name: str, least: int, most: int, otherwise: int) -> int:
        """A number rounded half up, within bounds; `otherwise` when there is none."""
        value = self.number(name)
        if value is None:
            return otherwise
        rounded = math.floor(value + 0.5)
        bounded = min(max(rounded, least), most)
        if bounded != rounded:
            self.note(name, "is out of range")
        return bounded

    def links(self, name: str) -> list[str]:
        """Ids of linked records, each once, in their order."""
        value = self.raw(name)
        if value is None:
            return []
        ids = [item for item in _listed(value) if isinstance(item, str) and is_record_id(item)]
        if len(ids) != len(_listed(value)):
            self.note(name, "links to something that is no record")
        return list(dict.fromkeys(ids))

    def link(self, name: str) -> str | None:
        """The first linked record."""
        return next(iter(self.links(name)), None)

    def selects(self, name: str) -> list[str]:
        """The chosen options in their order."""
        values = _listed(self.raw(name) or [])
        return [storable(value) for value in values if isinstance(value, str)]

    def day(self, name: str) -> date | None:
        """A day; formulas also write it with the day first."""
        text = self.text(name)
        if text is None:
            return None
        found = parse_day(text)
        if found is None:
            self.note(name, "is no date")
        return found

    def moment(self, name: str) -> datetime | None:
        """A moment in time."""
        text = self.text(name)
        found = parse_moment(text) if text else None
        if text and found is None:
            self.note(name, "is no moment")
        return found

    def json_list(self, name: str) -> list[str]:
        """Texts written as a JSON list; anything else counts as none."""
        text = self.text(name)
        if text is None:
            return []
        try:
            values = msgspec.json.decode(text, type=list[str | int])
        except UNREADABLE:
            self.note(name, "is no JSON list")
            return []
        return list(dict.fromkeys(storable(str(value)) for value in values))

    def file(self, name: str, *, thumbnail: bool = False) -> RemoteFile | None:
        """The first attachment, if it can be served; as a thumbnail where there is one."""
        value = self.raw(name)
        if value is None:
            return None
        first = _listed(value)[0]
        found = _file(first, thumbnail) if isinstance(first, Mapping) else None
        if found is None:
            self.note(name, "is no attachment")
        return found


def created_at(record: RemoteRecord) -> datetime | None:
    """When a record was made."""
    return parse_moment(record.created_time)


def parse_day(text: str) -> date | None:
    """A date written as 2026-03-09 or 9/3/2026; None for anything else, and for other ages."""
    text = text.strip()
    if iso := ISO_DATE.fullmatch(text):
        year, month, day = iso.groups()
    elif european := DAY_FIRST.fullmatch(text):
        day, month, year = european.groups()
    else:
        return None
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year in YEARS else None


def parse_moment(text: str) -> datetime | None:
    """An ISO 8601 moment with its zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def storable(text: str) -> str:
    """A text without the few characters no database takes."""
    return UNSTORABLE.sub("", text)


def _is_number(value: Any) -> TypeGuard[int | float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _file(raw: Mapping[str, Any], thumbnail: bool) -> RemoteFile | None:
    url = raw.get("url")
    if thumbnail:
        url = ((raw.get("thumbnails") or {}).get("large") or {}).get("url") or url
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return None
    filename = storable(str(raw.get("filename") or "")) or "file"
    return RemoteFile(url, filename, (str(raw.get("id")), int(raw.get("size") or 0), filename))
