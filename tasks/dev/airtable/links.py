"""What a link cell accepts: ids of existing records, or with typecast also their names."""

from typing import Any

from tasks.dev.airtable.errors import bad_value, invalid
from tasks.dev.airtable.ids import is_record_id
from tasks.dev.airtable.reading import display_name
from tasks.dev.airtable.schema import COMPUTED, Field, Table
from tasks.dev.airtable.work import Work


def accept_links(work: Work, field: Field, value: Any, typecast: bool) -> list[str]:
    """Return the record ids of a link cell, each once; typecast finds or creates by name."""
    if typecast and isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    if not isinstance(value, list):
        raise bad_value(field.name)
    linked = work.state.schema.by_key[field.links_to or ""]
    ids = [_one(work, field, linked, item, typecast) for item in value]
    return list(dict.fromkeys(ids))


def _one(work: Work, field: Field, linked: Table, item: Any, typecast: bool) -> str:
    if isinstance(item, dict):
        item = item.get("id")
    if not isinstance(item, str) or not item:
        raise bad_value(field.name)
    if is_record_id(item):
        return _existing(work, linked, item)
    if not typecast:
        raise invalid("INVALID_RECORD_ID", f'Value "{item}" is not a valid record ID.')
    return _named(work, linked, item) or _created(work, linked, item)


def _existing(work: Work, linked: Table, record_id: str) -> str:
    record = work.get(record_id)
    if record is None:
        raise invalid("ROW_DOES_NOT_EXIST", f"Record ID {record_id} does not exist in this table")
    if record.table != linked.id:
        message = f"Record ID {record_id} belongs to table {record.table}, "
        message += f"but the field links to table {linked.id}"
        raise invalid("ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE", message)
    return record_id


def _named(work: Work, linked: Table, name: str) -> str | None:
    rows = work.state.rows[linked.id].values()
    return next((r.id for r in rows if display_name(work.state, r) == name), None)


def _created(work: Work, linked: Table, name: str) -> str:
    primary = work.state.schema.primary(linked)
    if primary.type in COMPUTED or primary.type == "date":
        raise bad_value(primary.name, "a value because the field is computed")
    record = work.create(linked)
    work.write(record.id, {primary.id: name})
    return record.id
