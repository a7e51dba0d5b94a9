"""Listing a table: view, filter, sort, pages and cursors that expire."""

from typing import Any, Literal

import msgspec

from tasks.dev.airtable.clock import OffsetClock
from tasks.dev.airtable.errors import bad_request, invalid
from tasks.dev.airtable.formula import Compiled, FormulaError, truthy
from tasks.dev.airtable.formula.values import text
from tasks.dev.airtable.ids import new_id
from tasks.dev.airtable.reading import RecordRow, compiled, formula_value, show
from tasks.dev.airtable.records import Record
from tasks.dev.airtable.schema import Field, Table, View
from tasks.dev.airtable.state import State
from tasks.dev.airtable.writing import find_field


class Sort(msgspec.Struct, forbid_unknown_fields=True):
    """One sort key."""

    field: str
    direction: Literal["asc", "desc"] = "asc"


class ListQuery(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a list request may ask, as query or as body."""

    page_size: int = 100
    max_records: int | None = None
    offset: str | None = None
    view: str | None = None
    fields: list[str] | None = None
    sort: list[Sort] = []
    filter_by_formula: str | None = None
    return_fields_by_field_id: bool = False
    cell_format: Literal["json"] = "json"
    time_zone: str | None = None
    user_locale: str | None = None
    record_metadata: list[str] = []

    def check(self) -> None:
        """Refuse numbers out of range."""
        if not 1 <= self.page_size <= 100:
            raise bad_request("pageSize must be between 1 and 100")
        if self.max_records is not None and self.max_records < 1:
            raise bad_request("maxRecords must be at least 1")


class Cursors:
    """Listings under way: the order is fixed at the first page, the values are not."""

    def __init__(self, clock: OffsetClock, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds
        self._open: dict[str, tuple[float, list[str]]] = {}

    def keep(self, ids: list[str]) -> str:
        """Remember a listing and return its name."""
        name = new_id("itr")
        self._open[name] = (self.clock.seconds(), ids)
        if len(self._open) > 1000:
            del self._open[next(iter(self._open))]
        return name

    def resume(self, offset: str) -> tuple[str, list[str], int]:
        """Return name, ids and position of a cursor, or refuse an expired one."""
        name, _, record_id = offset.partition("/")
        used, ids = self._open.get(name, (0.0, []))
        now = self.clock.seconds()
        if record_id not in ids or now - used > self.seconds:
            message = "The iterator is no longer available; start the listing again."
            raise invalid("LIST_RECORDS_ITERATOR_NOT_AVAILABLE", message)
        self._open[name] = (now, ids)
        return name, ids, ids.index(record_id)

    def forget(self) -> None:
        """Let every open listing expire at once."""
        self._open.clear()


def list_page(state: State, cursors: Cursors, table: Table, query: ListQuery) -> dict[str, Any]:
    """Answer one page of a listing."""
    query.check()
    wanted = [find_field(table, key) for key in query.fields or []] or table.fields
    if query.offset:
        name, ids, start = cursors.resume(query.offset)
    else:
        name, ids, start = "", _select(state, table, query), 0
    end = start + query.page_size
    rows = (state.rows[table.id].get(record_id) for record_id in ids[start:end])
    by_id = query.return_fields_by_field_id
    page: dict[str, Any] = {"records": [show(state, row, by_id, wanted) for row in rows if row]}
    if end < len(ids):
        page["offset"] = f"{name or cursors.keep(ids)}/{ids[end]}"
    return page


def _select(state: State, table: Table, query: ListQuery) -> list[str]:
    rows = _in_view(state, table, query.view)
    if query.filter_by_formula:
        rows = _filtered(state, table, rows, query.filter_by_formula)
    for key in reversed(query.sort):
        rows = _sorted(state, rows, find_field(table, key.field), key.direction == "desc")
    return [row.id for row in rows[: query.max_records]]


def _in_view(state: State, table: Table, key: str | None) -> list[Record]:
    rows = state.rows[table.id]
    if key is None:
        return list(rows.values())
    view = table.view(key)
    if view is None:
        raise invalid("VIEW_NAME_NOT_FOUND", f'View "{key}" not found')
    return [rows[record_id] for record_id in order_in(view, list(rows))]


def order_in(view: View, ids: list[str]) -> list[str]:
    """Put record ids in a view's order and leave out those it hides."""
    present = set(ids)
    first = [i for i in view.order if i in present]
    ordered = [*first, *(i for i in ids if i not in set(view.order))] if first else ids
    return [i for i in ordered if i not in view.hidden]


def _filtered(state: State, table: Table, rows: list[Record], source: str) -> list[Record]:
    formula = _compile(table, source)
    only = formula.only_ids
    if only is not None:
        return [row for row in rows if row.id in only]
    return [row for row in rows if truthy(formula.run(RecordRow(state, table, row)))]


def _compile(table: Table, source: str) -> Compiled:
    try:
        return compiled(source, frozenset(f.name for f in table.fields))
    except FormulaError as error:
        message = f"The formula for filtering records is invalid: {error}"
        raise invalid("INVALID_FILTER_BY_FORMULA", message) from None


def _sorted(state: State, rows: list[Record], field: Field, reverse: bool) -> list[Record]:
    return sorted(rows, key=lambda row: _sort_key(state, row, field), reverse=reverse)


def _sort_key(state: State, row: Record, field: Field) -> tuple[int, float, str]:
    value = formula_value(state, row, field)
    if value is None or value == "" or value == ():
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, value, ""
    return 2, 0.0, text(value).casefold()
