"""The shape of the base: tables, fields and views, read from schema.json."""

from pathlib import Path
from typing import Final

import msgspec

SCHEMA_FILE: Final = Path(__file__).with_name("schema.json")
COMPUTED: Final = frozenset(
    {"formula", "createdTime", "lastModifiedTime", "autoNumber", "count", "multipleLookupValues"}
)


class Choice(msgspec.Struct):
    """One option of a select field."""

    id: str
    name: str


class Field(msgspec.Struct, rename="camel", omit_defaults=True):
    """A column; `derived` marks the side of a link pair that follows from the other side."""

    id: str
    name: str
    type: str
    links_to: str | None = None
    inverse: str | None = None
    derived: bool = False
    choices: list[Choice] | None = None
    formula: str | None = None
    through: str | None = None
    lookup: str | None = None
    description: str | None = None

    @property
    def computed(self) -> bool:
        """Whether Airtable fills the field itself and refuses every write."""
        return self.type in COMPUTED


class View(msgspec.Struct):
    """An order and a filter; records missing from `order` follow in table order."""

    id: str
    name: str
    order: list[str] = []
    hidden: set[str] = set()


class Table(msgspec.Struct):
    """A table; `counter` is the last automatic number given out."""

    id: str
    name: str
    primary: str
    views: list[View]
    fields: list[Field]
    counter: int = 0

    def field(self, key: str) -> Field | None:
        """Find a field by id or by name."""
        return next((f for f in self.fields if key in (f.id, f.name)), None)

    def view(self, key: str) -> View | None:
        """Find a view by id or by name."""
        return next((v for v in self.views if key in (v.id, v.name)), None)


class Schema:
    """All tables, with the look-ups everything else needs."""

    def __init__(self, tables: list[Table]) -> None:
        self.tables = tables
        self.fields: dict[str, Field] = {}
        self.home: dict[str, Table] = {}
        self.reindex()

    def reindex(self) -> None:
        """Rebuild the look-ups after a field was added, renamed or removed."""
        self.by_key = {t.name: t for t in self.tables} | {t.id: t for t in self.tables}
        self.fields = {f.id: f for t in self.tables for f in t.fields}
        self.home = {f.id: t for t in self.tables for f in t.fields}

    def table(self, key: str) -> Table | None:
        """Find a table by id or by name."""
        return self.by_key.get(key)

    def primary(self, table: Table) -> Field:
        """Return the field whose value names a record of the table."""
        return self.fields[table.primary]

    def owners_into(self, table_id: str) -> list[Field]:
        """List the stored link fields that point at a table."""
        return [f for f in self.fields.values() if f.links_to == table_id and not f.derived]


def load_schema() -> Schema:
    """Read a fresh copy of the schema the product works with."""
    return Schema(msgspec.json.decode(SCHEMA_FILE.read_bytes(), type=list[Table]))
