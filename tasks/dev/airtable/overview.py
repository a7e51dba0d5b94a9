"""What the page shows: the tables with their counts, and one table's newest rows."""

from typing import Any, Final

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.clock import iso
from tasks.dev.airtable.formula.values import text
from tasks.dev.airtable.reading import cell, formula_value
from tasks.dev.airtable.records import Record
from tasks.dev.airtable.schema import Field, Table

ROWS_SHOWN: Final = 200
EDITABLE: Final = ("singleLineText", "multilineText", "richText", "email", "number", "date",
                   "singleSelect", "multipleSelects")  # fmt: skip


def overview(base: Base) -> dict[str, Any]:
    """List the tables with their number of records and their last change."""
    with base.lock:
        tables = [_summary(base, table) for table in base.state.schema.tables]
        requests = len(base.journal.entries)
    return {"tables": tables, "requests": requests, "now": iso(base.clock.now())}


def _summary(base: Base, table: Table) -> dict[str, Any]:
    rows = base.state.rows[table.id].values()
    last = max((row.modified for row in rows), default=None)
    changed = iso(last) if last else None
    return {"id": table.id, "name": table.name, "count": len(rows), "changed": changed}


def table_page(base: Base, key: str, search: str) -> dict[str, Any]:
    """Return the rows of a table, last changed first, with every cell as text."""
    with base.lock:
        table = base.table(key)
        rows = sorted(base.state.rows[table.id].values(), key=lambda r: r.modified, reverse=True)
        found = [row for row in rows if _matches(base, table, row, search.lower())]
        shown = [_row(base, table, row) for row in found[:ROWS_SHOWN]]
    fields = [_column(field) for field in table.fields]
    return {"fields": fields, "rows": shown, "total": len(found), "now": iso(base.clock.now())}


def _matches(base: Base, table: Table, row: Record, search: str) -> bool:
    return not search or search in " ".join(_row(base, table, row)["cells"]).lower()


def _column(field: Field) -> dict[str, Any]:
    editable = field.type in EDITABLE
    return {"id": field.id, "name": field.name, "type": field.type, "editable": editable}


def _row(base: Base, table: Table, row: Record) -> dict[str, Any]:
    cells = [_text(base, row, field) for field in table.fields]
    moments = {"created": iso(row.created), "modified": iso(row.modified)}
    return {"id": row.id, **moments, "cells": cells}


def _text(base: Base, row: Record, field: Field) -> str:
    """Write a cell as an editor sees it: links by name, dates as they are typed."""
    if field.type in ("date", "dateTime", "createdTime"):
        return cell(base.state, row, field) or ""
    return text(formula_value(base.state, row, field))
