"""What a record looks like from outside: computed fields filled in, empty cells left out."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tasks.dev.airtable.clock import iso
from tasks.dev.airtable.formula import Compiled, FormulaError, compile_formula
from tasks.dev.airtable.formula.values import Value, text
from tasks.dev.airtable.records import Record
from tasks.dev.airtable.schema import Field, Table
from tasks.dev.airtable.state import State


@lru_cache(maxsize=512)
def compiled(source: str, fields: frozenset[str]) -> Compiled:
    """Compile a formula once per table shape."""
    return compile_formula(source, fields)


class RecordRow:
    """A record as formulas see it: links by name, dates as moments."""

    def __init__(self, state: State, table: Table, record: Record) -> None:
        self.state = state
        self.table = table
        self.record = record

    def record_id(self) -> str:
        """The id."""
        return self.record.id

    def created(self) -> datetime:
        """The time of creation."""
        return self.record.created

    def modified(self) -> datetime:
        """The time of the last change."""
        return self.record.modified

    def now(self) -> datetime:
        """The current time."""
        return self.state.clock.now()

    def value(self, field: str) -> Value:
        """The cell of a field, by name."""
        found = self.table.field(field)
        return formula_value(self.state, self.record, found) if found else None


def formula_value(state: State, record: Record, field: Field) -> Value:
    """Return a cell as the formula language sees it."""
    if field.links_to:
        linked = (state.get(record_id) for record_id in state.links(record, field))
        return tuple(display_name(state, row) for row in linked if row)
    value = cell(state, record, field)
    if field.type == "multipleAttachments":
        return tuple(item["filename"] for item in value or ())
    if isinstance(value, list):
        return tuple(map(str, value))
    if field.type in ("date", "dateTime", "createdTime", "lastModifiedTime") and value:
        parsed = datetime.fromisoformat(value)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return value  # type: ignore[no-any-return]  # plain cells hold texts, numbers and booleans


def cell(state: State, record: Record, field: Field) -> Any:
    """Return a cell's content, computed where the field is."""
    if field.links_to:
        return state.links(record, field)
    match field.type:
        case "createdTime":
            return iso(record.created)
        case "lastModifiedTime":
            return iso(record.modified)
        case "autoNumber":
            return record.number
        case "count":
            return len(state.links(record, state.schema.fields[field.through or ""]))
        case "multipleLookupValues":
            return _lookup(state, record, field)
        case "formula":
            return _formula(state, record, field)
    return record.cells.get(field.id)


def _lookup(state: State, record: Record, field: Field) -> list[Any]:
    fields = state.schema.fields
    linked = (state.get(i) for i in state.links(record, fields[field.through or ""]))
    values = (cell(state, row, fields[field.lookup or ""]) for row in linked if row)
    return [value for value in values if value is not None]


def _formula(state: State, record: Record, field: Field) -> Any:
    table = state.schema.home[field.id]
    try:
        formula = compiled(field.formula or "", frozenset(f.name for f in table.fields))
        result = formula.run(RecordRow(state, table, record))
    except (FormulaError, ArithmeticError, ValueError):
        return {"error": "#ERROR!"}
    return text(result) if isinstance(result, tuple | datetime) else result


def display_name(state: State, record: Record) -> str:
    """Return the text of the primary field, by which links to the record are known."""
    table = state.schema.by_key[record.table]
    return text(formula_value(state, record, state.schema.primary(table)))


def is_empty(value: Any) -> bool:
    """Tell whether the API leaves a cell out of its answers; 0 is no empty cell."""
    return value is None or value is False or value == "" or value == []


def show_cell(state: State, record: Record, field: Field) -> Any:
    """Return a cell as the API writes it; attachments get fresh links."""
    value = cell(state, record, field)
    if field.type == "multipleAttachments" and value:
        return [state.signer.describe(item) for item in value]
    return value


def show(state: State, record: Record, by_id: bool, wanted: Iterable[Field]) -> dict[str, Any]:
    """Return a record as the API writes it."""
    cells = {(f.id if by_id else f.name): show_cell(state, record, f) for f in wanted}
    filled = {key: value for key, value in cells.items() if not is_empty(value)}
    return {"id": record.id, "createdTime": iso(record.created), "fields": filled}
