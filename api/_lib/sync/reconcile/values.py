"""Whether two cells say the same, whatever their form; pure (sync 11.11)."""

from collections.abc import Mapping

import msgspec

from api._lib.airtable.model import Field, Kind, Table
from api._lib.json_text import UNREADABLE


def same(field: Field, ours: object, theirs: object) -> bool:
    """Whether a cell holds what we would write."""
    return normalised(field, ours) == normalised(field, theirs)


def normalised(field: Field, value: object) -> object:
    """A value without differences of form: absent, empty and false are one; links are sets."""
    if value is None or value is False or value == "" or value == []:
        return None
    if field.kind in (Kind.LINKS, Kind.SELECTS) and isinstance(value, list):
        return frozenset(map(str, value))
    if field.kind is Kind.JSON_LIST and isinstance(value, str):
        return _listed(value)
    if field.kind is Kind.DATE and isinstance(value, str):
        return value[:10]
    if field.kind is Kind.NUMBER and isinstance(value, int | float):
        return float(value)
    return value.rstrip("\n") or None if isinstance(value, str) else value


def differing(
    table: Table, ours: Mapping[str, object], theirs: Mapping[str, object]
) -> list[Field]:
    """The fields among ours that the record shows otherwise."""
    by_key = {field.key: field for field in table.fields}
    return [
        by_key[key]
        for key, value in ours.items()
        if key in by_key and not same(by_key[key], value, theirs.get(key))
    ]


def _listed(text: str) -> object:
    try:
        return tuple(map(str, msgspec.json.decode(text, type=list[str | int]))) or None
    except UNREADABLE:
        return text
