"""Changing the schema: new fields over the API, and what an editor may do to a field."""

from typing import Any, Final

import msgspec

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.errors import bad_request, invalid
from tasks.dev.airtable.ids import new_id
from tasks.dev.airtable.records import RecordChange
from tasks.dev.airtable.schema import Choice, Field, Table
from tasks.dev.airtable.writing import find_field

BARE: Final = ("singleLineText", "multilineText", "richText", "email", "url", "phoneNumber")
WITH_OPTIONS: Final = {
    "number": {"precision"},
    "checkbox": {"icon", "color"},
    "date": {"dateFormat"},
    "dateTime": {"dateFormat", "timeFormat", "timeZone"},
    "singleSelect": {"choices"},
    "multipleSelects": {"choices"},
}


class NewChoice(msgspec.Struct):
    """One option of a new select field."""

    name: str


class NewField(msgspec.Struct, forbid_unknown_fields=True):
    """The body that creates a field."""

    name: str
    type: str
    description: str | None = None
    options: dict[str, Any] | None = None


def create_field(base: Base, table: Table, body: NewField, source: str) -> Field:
    """Add a field to a table."""
    if not body.name or table.field(body.name):
        message = "Field names must be unique and non-empty"
        raise invalid("DUPLICATE_OR_EMPTY_FIELD_NAME", message)
    field = Field(new_id("fld"), body.name, body.type, description=body.description)
    field.choices = _choices(body)
    table.fields.append(field)
    base.state.schema.reindex()
    base.state.transactions += 1
    told = base.webhooks.record_field(table, field, source)
    base.save([base.table_document(table.id), *told])
    return field


def rename_field(base: Base, table: Table, key: str, name: str) -> None:
    """Give a field another name; formulas that use it follow, as in Airtable."""
    field = find_field(table, key)
    for other in table.fields:
        if other.formula:
            other.formula = other.formula.replace(f"{{{field.name}}}", f"{{{name}}}")
    field.name = name
    _schema_changed(base, table)


def retype_field(base: Base, table: Table, key: str, kind: str) -> None:
    """Turn a field into another plain type, empty in every record."""
    field = find_field(table, key)
    _empty(base, table, field)
    field.type, field.formula, field.through, field.lookup = kind, None, None, None
    field.choices = [] if kind in ("singleSelect", "multipleSelects") else None
    _schema_changed(base, table)


def drop_field(base: Base, table: Table, key: str) -> None:
    """Remove a field and its cells."""
    field = find_field(table, key)
    _empty(base, table, field)
    table.fields.remove(field)
    _schema_changed(base, table)


def _empty(base: Base, table: Table, field: Field) -> None:
    if field.links_to:
        raise bad_request("link fields stay as they are")
    rows = [row for row in base.state.rows[table.id].values() if field.id in row.cells]
    changes = []
    for row in rows:
        cells = {key: value for key, value in row.cells.items() if key != field.id}
        after = row.with_cells(cells, row.modified)
        changes.append(RecordChange(row.id, table.id, row, after, frozenset({field.id})))
    base.state.apply(changes)
    base.save([("record", c.record_id, msgspec.json.encode(c.after)) for c in changes])


def _schema_changed(base: Base, table: Table) -> None:
    base.state.schema.reindex()
    base.save([base.table_document(table.id)])


def _choices(body: NewField) -> list[Choice] | None:
    if body.type in BARE:
        if body.options:
            raise _bad_options(body)
        return None
    if body.type not in WITH_OPTIONS:
        raise invalid("UNSUPPORTED_FIELD_TYPE_FOR_CREATE", f"Cannot create a {body.type} field")
    options = body.options or {}
    if not set(options) <= WITH_OPTIONS[body.type]:
        raise _bad_options(body)
    if body.type not in ("singleSelect", "multipleSelects"):
        return None
    try:
        names = msgspec.convert(options.get("choices"), list[NewChoice])
    except msgspec.ValidationError:
        raise _bad_options(body) from None
    return [Choice(new_id("sel"), choice.name) for choice in names]


def _bad_options(body: NewField) -> Exception:
    message = f"Invalid options for {body.name}: {body.type} takes others"
    return invalid("INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", message)
