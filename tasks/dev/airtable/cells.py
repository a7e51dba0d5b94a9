"""What a cell accepts, per field type, without and with typecast."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any, Final

from tasks.dev.airtable.attachments import accept_attachments
from tasks.dev.airtable.clock import iso
from tasks.dev.airtable.errors import bad_value, invalid
from tasks.dev.airtable.formula.values import number_in
from tasks.dev.airtable.links import accept_links
from tasks.dev.airtable.records import Record
from tasks.dev.airtable.schema import Field
from tasks.dev.airtable.work import Work

MAX_TEXT: Final = 100_000
TEXTS: Final = ("singleLineText", "multilineText", "richText", "email", "url", "phoneNumber")
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def accept(work: Work, record: Record | None, field: Field, value: Any, typecast: bool) -> Any:
    """Return the value to store, None for an empty cell; refuse what the field cannot hold."""
    if field.computed:
        raise bad_value(field.name, "a value because the field is computed")
    if value is None or value == "" or value is False or value == []:
        return None
    if field.links_to:
        return accept_links(work, field, value, typecast)
    if field.type == "multipleAttachments":
        return accept_attachments(field, value, record.cells.get(field.id, []) if record else [])
    if field.choices is not None:
        return _accept_choices(work, field, value, typecast)
    return _PLAIN[field.type](field, value, typecast)


def _accept_choices(work: Work, field: Field, value: Any, typecast: bool) -> Any:
    if field.type == "singleSelect":
        return _option(work, field, value, typecast)
    if typecast and isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list):
        raise bad_value(field.name)
    return list(dict.fromkeys(_option(work, field, item, typecast) for item in value))


def _option(work: Work, field: Field, value: Any, typecast: bool) -> str:
    if typecast and isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        raise bad_value(field.name)
    if value not in work.choice_names(field):
        if not typecast:
            message = f'Insufficient permissions to create new select option ""{value}""'
            raise invalid("INVALID_MULTIPLE_CHOICE_OPTIONS", message)
        work.add_choice(field, value)
    return value


def _text(field: Field, value: Any, typecast: bool) -> str:
    if typecast and isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise bad_value(field.name)
    return value


def _number(field: Field, value: Any, typecast: bool) -> int | float | None:
    if typecast and isinstance(value, str):
        return number_in(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise bad_value(field.name)
    return int(value) if value == int(value) else value


def _date(field: Field, value: Any, typecast: bool) -> str:
    if typecast and isinstance(value, str):
        value = value[:10]
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise bad_value(field.name)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise bad_value(field.name) from None


def _moment(field: Field, value: Any, typecast: bool) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise bad_value(field.name) from None
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _checkbox(field: Field, value: Any, typecast: bool) -> bool:
    if value is not True:
        raise bad_value(field.name)
    return True


_PLAIN: Final[dict[str, Callable[[Field, Any, bool], Any]]] = {
    **dict.fromkeys(TEXTS, _text),
    "number": _number,
    "date": _date,
    "dateTime": _moment,
    "checkbox": _checkbox,
}
