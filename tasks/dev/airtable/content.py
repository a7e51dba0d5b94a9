"""Initial content: tables by name, records with cells by field name, links in any order.

The form, as a Python module with `CONTENT` or as JSON:

    {"Methodes": [{"id": "recMETHOD00000001", "fields": {"Methode Naam": "…",
                   "Media": ["recMEDIA000000001"]}, "hiddenIn": ["App"]}]}

`id` is optional; links name record ids or, for records without one, their display name.
"""

import importlib
from pathlib import Path
from typing import Any

import msgspec

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.cells import accept
from tasks.dev.airtable.schema import Table
from tasks.dev.airtable.work import Work
from tasks.dev.airtable.writing import find_field


class Row(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """One record of the content."""

    fields: dict[str, Any]
    id: str | None = None
    hidden_in: list[str] = []


Content = dict[str, list[Any]]


def read_content(source: str) -> Content:
    """Read content from a JSON file or from a module's CONTENT."""
    if source.endswith(".json"):
        return msgspec.json.decode(Path(source).read_bytes(), type=Content)
    content: Content = importlib.import_module(source).CONTENT
    return content


def load_content(base: Base, content: Content) -> None:
    """Create all records, then fill in their links, in one transaction."""
    with base.change("sync") as work:
        pairs = [
            (base.table(name), row, work.create(base.table(name), row.id).id)
            for name, rows in content.items()
            for row in msgspec.convert(rows, list[Row])
        ]
        for links in (False, True):
            for table, row, record_id in pairs:
                _fill(work, table, row, record_id, links)
        for table, row, record_id in pairs:
            _hide(table, row, record_id)
        work.touched_tables |= {table.id for table, _, _ in pairs}


def _fill(work: Work, table: Table, row: Row, record_id: str, links: bool) -> None:
    for name, value in row.fields.items():
        field = find_field(table, name)
        if (field.links_to is not None) == links:
            accepted = accept(work, None, field, value, typecast=True)
            work.write(record_id, {field.id: accepted})


def _hide(table: Table, row: Row, record_id: str) -> None:
    for name in row.hidden_in:
        view = table.view(name)
        if view is not None:
            view.hidden.add(record_id)
