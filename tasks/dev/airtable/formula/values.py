"""Formula values and how Airtable turns one kind into another."""

import re
from datetime import UTC, datetime

from tasks.dev.airtable.clock import iso

# A blank is None; links, multiple selects and lookups are tuples of texts.
Value = None | bool | int | float | str | datetime | tuple[str, ...]

NUMBER = re.compile(r"-?\d+(\.\d+)?")


def text(value: Value) -> str:
    """Write a value as text, as `&` and comparisons with text do."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, tuple):
        return ", ".join(f'"{item}"' if "," in item else item for item in value)
    return _plain(value)


def _plain(value: int | float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def number(value: Value) -> int | float:
    """Read a value as a number; a blank counts as 0."""
    if isinstance(value, int | float):
        return value
    found = number_in(text(value))
    return 0 if found is None else found


def number_in(value: str) -> int | float | None:
    """Return the first number in a text, as VALUE() does."""
    found = NUMBER.search(value.replace(",", ""))
    if found is None:
        return None
    parsed = float(found[0])
    return int(parsed) if parsed.is_integer() else parsed


def moment(value: Value) -> datetime | None:
    """Read a value as a point in time (UTC); None when it is none."""
    if isinstance(value, datetime):
        return value
    try:
        parsed = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def truthy(value: Value) -> bool:
    """Tell whether a filter keeps a record with this result."""
    return value not in (None, 0, "", ())


def same(left: Value, right: Value) -> bool:
    """Compare as `=` does: texts with texts, numbers with numbers, a blank equals its zero."""
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left == right
    if _is_number(left) and _is_number(right):
        return number(left) == number(right)
    return text(left) == text(right)


def before(left: Value, right: Value) -> bool:
    """Compare as `<` does."""
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left < right
    if _is_number(left) and _is_number(right):
        return number(left) < number(right)
    return text(left) < text(right)


def _is_number(value: Value) -> bool:
    return value is None or isinstance(value, int | float)
