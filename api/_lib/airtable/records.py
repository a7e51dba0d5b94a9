"""Records of the mapped tables as requests see them: cells by name, and which of ours they are."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from api._lib.airtable.cells import Cells, created_at
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.model import Field, Kind, Table
from api._lib.airtable.schema import Schema

LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""The making of a record that does not tell it."""


class Record(Cells):
    """One record, with the id of ours that it carries, if any."""

    def __init__(self, table: Table, record: RemoteRecord, app_id_key: str | None) -> None:
        super().__init__(table, record)
        self.id = record.id
        self.created = created_at(record) or LONG_AGO
        self.app_id = _app_id(table, record, app_id_key)

    def is_called(self, entity_id: str) -> bool:
        """Whether it is meant by its record id or by ours."""
        return entity_id == self.id or entity_id.lower() == str(self.app_id)

    def belongs_to(self, user_id: str) -> bool:
        """Whether it is a person's: whoever is linked first."""
        return self.link("user") == user_id


R = TypeVar("R", bound=Record)


def called(records: Iterable[R], entity_id: str) -> R | None:
    """The record meant by either of its ids."""
    return next((record for record in records if record.is_called(entity_id)), None)


def oldest_first(records: Iterable[Record]) -> list[Record]:
    """In the order they were made; those of one second stay as Airtable listed them."""
    return sorted(records, key=lambda record: record.created)


def cells_to_write(table: Table, values: Mapping[str, object], schema: Schema) -> dict[str, object]:
    """Values by name as cells by key; what the base cannot take is left out."""
    fields = [(table.field(name), value) for name, value in values.items()]
    return {
        field.key: cell_to_write(field, value)
        for field, value in fields
        if schema.can_write(table, field)
    }


def cell_to_write(field: Field, value: object) -> object:
    """A value as Airtable takes it; None, an empty text and an empty list clear the cell."""
    if isinstance(value, date):
        return value.isoformat()
    if field.kind is Kind.LINKS:
        return value or []
    if field.kind is Kind.JSON_LIST:
        return msgspec.json.encode(value).decode() if value else None
    if value is None or value == "":
        return field.cleared
    return str(value) if isinstance(value, str) else value


def _app_id(table: Table, record: RemoteRecord, key: str | None) -> UUID | None:
    """Where only the name of the field is known, it is the one field the mapping lacks."""
    if key is not None and key != APP_ID:
        named = [key]
    else:
        mapped = {field.key for field in table.fields}
        named = [name for name in record.fields if name not in mapped]
    for text in (record.fields.get(name) for name in named):
        if isinstance(text, str) and len(text.strip()) == 36:
            try:
                return UUID(text.strip())
            except ValueError:
                continue
    return None
