"""The functions and operators of the language, on plain values."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from tasks.dev.airtable.formula.values import (
    Value,
    before,
    moment,
    number,
    number_in,
    same,
    text,
    truthy,
)

SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
PATTERNS: Final = (("YYYY", "%Y"), ("MM", "%m"), ("DD", "%d"), ("HH", "%H"), ("mm", "%M"),
                   ("ss", "%S"))  # fmt: skip
UNIT_LENGTH: Final = {"year": 4, "month": 7, "day": 10, "hour": 13, "minute": 16, "second": 19}


def _unit(value: Value) -> str:
    return text(value).lower().rstrip("s")


def _date_add(start: Value, amount: Value, unit: Value) -> Value:
    begin = moment(start)
    if begin is None:
        return None
    if _unit(unit) in ("month", "year"):
        return _add_months(begin, int(number(amount)) * (12 if _unit(unit) == "year" else 1))
    return begin + timedelta(seconds=number(amount) * SECONDS.get(_unit(unit), 86_400))


def _add_months(begin: datetime, months: int) -> datetime:
    years, month = divmod(begin.month - 1 + months, 12)
    day = begin.day
    while day > 28:
        try:
            return begin.replace(year=begin.year + years, month=month + 1, day=day)
        except ValueError:
            day -= 1
    return begin.replace(year=begin.year + years, month=month + 1, day=day)


def _date_format(value: Value, pattern: Value = "YYYY-MM-DD") -> Value:
    when, result = moment(value), text(pattern)
    for ours, theirs in PATTERNS:
        result = result.replace(ours, theirs)
    return when.strftime(result) if when else None


def _is_before(left: Value, right: Value) -> Value:
    first, second = moment(left), moment(right)
    return first is not None and second is not None and first < second


def _is_same(left: Value, right: Value, unit: Value = None) -> Value:
    first, second = moment(left), moment(right)
    if first is None or second is None:
        return False
    length = UNIT_LENGTH.get(_unit(unit))
    return first.isoformat()[:length] == second.isoformat()[:length]


def _divide(left: Value, right: Value) -> Value:
    return number(left) / number(right) if number(right) else None


def _filled(value: Value) -> int:
    """Count the items of a list, also those without a name."""
    return len(value) if isinstance(value, tuple) else int(value not in (None, ""))


def _find(needle: Value, haystack: Value) -> Value:
    return text(haystack).find(text(needle)) + 1


def _search(needle: Value, haystack: Value) -> Value:
    found = text(haystack).lower().find(text(needle).lower())
    return found + 1 if found >= 0 else None


def _array_join(values: Value, separator: Value = ", ") -> Value:
    return text(separator).join(values) if isinstance(values, tuple) else text(values)


FUNCTIONS: Final[dict[str, Callable[..., Value]]] = {
    "=": same,
    "!=": lambda a, b: not same(a, b),
    "<>": lambda a, b: not same(a, b),
    "<": before,
    ">": lambda a, b: before(b, a),
    "<=": lambda a, b: not before(b, a),
    ">=": lambda a, b: not before(a, b),
    "&": lambda a, b: text(a) + text(b),
    "+": lambda a, b: number(a) + number(b),
    "-": lambda a, b: number(a) - number(b),
    "*": lambda a, b: number(a) * number(b),
    "/": _divide,
    "AND": lambda *args: all(map(truthy, args)),
    "OR": lambda *args: any(map(truthy, args)),
    "XOR": lambda *args: sum(map(truthy, args)) % 2 == 1,
    "NOT": lambda value: not truthy(value),
    "IF": lambda test, then, other=None: then if truthy(test) else other,
    "TRUE": lambda: True,
    "FALSE": lambda: False,
    "BLANK": lambda: None,
    "LOWER": lambda value: text(value).lower(),
    "UPPER": lambda value: text(value).upper(),
    "TRIM": lambda value: text(value).strip(),
    "LEN": lambda value: len(text(value)),
    "CONCATENATE": lambda *args: "".join(map(text, args)),
    "FIND": _find,
    "SEARCH": _search,
    "ARRAYJOIN": _array_join,
    "VALUE": lambda value: number_in(text(value)),
    "SUM": lambda *args: sum(map(number, args)),
    "COUNTA": lambda *args: sum(map(_filled, args)),
    "DATETIME_PARSE": lambda value, _format=None: moment(value),
    "DATETIME_FORMAT": _date_format,
    "DATESTR": _date_format,
    "DATEADD": _date_add,
    "IS_BEFORE": _is_before,
    "IS_AFTER": lambda a, b: _is_before(b, a),
    "IS_SAME": _is_same,
}
