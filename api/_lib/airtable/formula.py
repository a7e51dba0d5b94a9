"""Filter formulas, built in one place so that no value can change their meaning."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

RECORD_ID = re.compile(r"rec[A-Za-z0-9]{14}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_record_id(text: str) -> bool:
    """Whether the text has the form of an Airtable record id."""
    return RECORD_ID.fullmatch(text) is not None


def literal(text: str) -> str:
    """A text as a formula literal; raises ValueError on control characters."""
    if CONTROL.search(text):
        raise ValueError("a formula cannot hold control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def equals(title: str, text: str) -> str:
    """Records whose field has exactly this text."""
    return f"{_field(title)}={literal(text)}"


def equals_ignoring_case(title: str, text: str) -> str:
    """Records whose field has this text in any case."""
    return f"LOWER({_field(title)})={literal(text.lower())}"


def on_day(title: str, day: date) -> str:
    """Records whose date is this day."""
    return f"DATETIME_FORMAT({_field(title)}, 'YYYY-MM-DD')={literal(day.isoformat())}"


def record_ids(ids: Iterable[str]) -> str:
    """Records with one of these ids; raises ValueError on anything that is no record id."""
    terms = [f"RECORD_ID()='{_checked(record_id)}'" for record_id in ids]
    return f"OR({','.join(terms)})"


def any_of(formulas: Iterable[str]) -> str:
    """Records that meet one of the formulas."""
    return f"OR({','.join(formulas)})"


def none_of(formulas: Iterable[str]) -> str:
    """Records that meet none of the formulas."""
    return f"NOT({any_of(formulas)})"


def modified_since(moment: datetime) -> str:
    """Records changed at or after the moment."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return f"NOT(IS_BEFORE(LAST_MODIFIED_TIME(), DATETIME_PARSE({literal(text)})))"


def _field(title: str) -> str:
    if CONTROL.search(title) or set("{}") & set(title):
        raise ValueError("not a field name")
    return f"{{{title}}}"


def _checked(record_id: str) -> str:
    if not is_record_id(record_id):
        raise ValueError("not a record id")
    return record_id
