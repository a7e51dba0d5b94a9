"""Whether two stores gave the same answer, whatever their ids and their order; pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

RECORD_ID = re.compile(r"rec[A-Za-z0-9]{14}")
MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})T.*")
ENTITY_ID = re.compile(r"rec[A-Za-z0-9]{14}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ONE_SIDED = frozenset({"created_at", "createdAt", "photo", "url", "points"})
"""What only one store knows, or knows otherwise: moments of its own, signed addresses (8.4)."""

WHOLE = "answer"


class Differences(Struct):
    """What differs, by id and field, never by value."""

    missing_in_pg: list[str] = field(default_factory=list)
    missing_in_airtable: list[str] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing_in_pg or self.missing_in_airtable or self.fields)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        numbers = {
            "missing_in_pg": len(self.missing_in_pg),
            "missing_in_airtable": len(self.missing_in_airtable),
            "field": len(self.fields),
        }
        return {kind: number for kind, number in numbers.items() if number}


def record_ids(answer: Any) -> set[str]:
    """Everything in an answer that may be a record."""
    return {text for text in _texts(answer) if RECORD_ID.fullmatch(text)}


def compare(
    postgres: Any, airtable: Any, links: Mapping[str, str], unsent: Collection[str]
) -> Differences | None:
    """What differs; None when it cannot be told, because something is still to be sent.

    Records that are still to be sent are left out where the answer tells them apart.
    """
    ours, theirs = _plain(postgres, {}), _plain(airtable, links)
    if unsent and not (_has_ids(ours) and _has_ids(theirs)):
        return None
    found = Differences()
    if isinstance(ours, list) and isinstance(theirs, list):
        _compare_lists(ours, theirs, unsent, found)
    else:
        _compare_values(WHOLE, ours, theirs, "", found)
    return found


def _compare_lists(
    ours: list[Any], theirs: list[Any], unsent: Collection[str], found: Differences
) -> None:
    here, there = _by_id(ours), _by_id(theirs)
    for name in sorted((here.keys() | there.keys()) - set(unsent)):
        if name not in here:
            found.missing_in_pg.append(name)
        elif name not in there:
            found.missing_in_airtable.append(name)
        else:
            _compare_values(name, here[name], there[name], "", found)


def _compare_values(name: str, ours: Any, theirs: Any, path: str, found: Differences) -> None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            inner = f"{path}.{key}" if path else key
            _compare_values(name, ours.get(key), theirs.get(key), inner, found)
    elif isinstance(ours, list) and isinstance(theirs, list):
        if Counter(map(repr, ours)) != Counter(map(repr, theirs)):
            found.fields.append((name, path or WHOLE))
    elif ours != theirs:
        found.fields.append((name, path or WHOLE))


def _by_id(items: list[Any]) -> dict[str, Any]:
    return {_name(number, item): item for number, item in enumerate(items)}


def _name(number: int, item: Any) -> str:
    """An id if there is one, else the place: a name must never tell a value."""
    found = item.get("id") if isinstance(item, dict) else item
    is_id = isinstance(found, str) and ENTITY_ID.fullmatch(found)
    return str(found) if is_id else f"#{number}"


def _has_ids(answer: Any) -> bool:
    return isinstance(answer, list) and all(
        isinstance(item, dict) and "id" in item for item in answer
    )


def _plain(value: Any, links: Mapping[str, str]) -> Any:
    """Values without what may differ: our ids for records, days for moments, nothing for empty."""
    if isinstance(value, dict):
        items = {str(_plain(key, links)): _plain(item, links) for key, item in value.items()}
        return {
            key: item
            for key, item in items.items()
            if key not in ONE_SIDED and item not in (None, "", [], False)
        }
    if isinstance(value, list | tuple):
        return [_plain(item, links) for item in value]
    if isinstance(value, str):
        if moment := MOMENT.fullmatch(value):
            return moment[1]
        return links.get(value, value)
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
