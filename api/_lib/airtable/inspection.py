"""Whether a base has everything the server reads and writes; pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from api._lib.airtable.mapping import APP_ID, TABLES, WRITABLE_TABLES
from api._lib.airtable.model import Field, Table
from api._lib.airtable.schema import COMPUTED

APP_ID_FIELD = {
    "name": APP_ID,
    "type": "singleLineText",
    "description": "Id of this record in the app. Written by the server; please leave it alone.",
}
TEXT = frozenset({"singleLineText", "multilineText"})


class Trouble(StrEnum):
    """What can be wrong with a table."""

    NO_TABLE = "the table is missing"
    NO_APP_ID = "the field App ID is missing, so nothing can be created"
    WRONG_APP_ID = "the field App ID is no single line text"
    NO_FIELD = "a field is missing"
    COMPUTED = "a field that the server writes is computed"
    NO_VIEW = "the view is missing, so order and visibility cannot be read"


class Finding(Struct, frozen=True):
    """One thing that is not as it should be."""

    table: str
    title: str
    trouble: Trouble
    name: str = ""

    @property
    def can_be_mended(self) -> bool:
        """Whether a new field is all it takes."""
        return self.trouble is Trouble.NO_APP_ID


def inspect(base: Iterable[Mapping[str, Any]], table_ids: Mapping[str, str]) -> list[Finding]:
    """Everything that is not as the mapping expects, table by table."""
    by_id = {table["id"]: table for table in base}
    found = []
    for key, table in TABLES.items():
        raw = by_id.get(table_ids[key])
        if raw is None:
            found.append(Finding(key, table.title, Trouble.NO_TABLE))
        else:
            found += [*_app_id(table, raw), *_fields(table, raw), *_view(table, raw)]
    return found


def _app_id(table: Table, raw: Mapping[str, Any]) -> list[Finding]:
    if table not in WRITABLE_TABLES:
        return []
    types = [item["type"] for item in raw["fields"] if item["name"] == APP_ID]
    if TEXT.intersection(types):
        return []
    trouble = Trouble.WRONG_APP_ID if types else Trouble.NO_APP_ID
    return [Finding(table.key, table.title, trouble)]


def _fields(table: Table, raw: Mapping[str, Any]) -> list[Finding]:
    keys = "name" if table.by_name else "id"
    types = {item[keys]: item["type"] for item in raw["fields"]}
    found = []
    for column in table.fields:
        if column.key not in types:
            found.append(Finding(table.key, table.title, Trouble.NO_FIELD, _name(column)))
        elif column.owner.ours and not column.computed and types[column.key] in COMPUTED:
            found.append(Finding(table.key, table.title, Trouble.COMPUTED, _name(column)))
    return found


def _view(table: Table, raw: Mapping[str, Any]) -> list[Finding]:
    names = {view["name"] for view in raw.get("views", ())}
    if table.view is None or table.view in names:
        return []
    return [Finding(table.key, table.title, Trouble.NO_VIEW, table.view)]


def _name(column: Field) -> str:
    return f"{column.title} ({column.key})" if column.id else column.title
