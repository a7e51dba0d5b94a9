"""Initial content: records by table, links in any order, and the order of the App views.

The form, as JSON; a Python module gives the same by `demo_base(today)` and `demo_views()`:

    {"records": {"Methodes": [{"id": "recMETHOD00000001", "createdTime": "2026-01-05T08:00:00Z",
                               "fields": {"Methode Naam": "…", "Media": ["recMEDIA000000001"]}}]},
     "views": {"Methodes": ["recMETHOD00000001"]}}

Tables and fields go by id or name, `id` and `createdTime` are optional, links name record ids or
display names. A table's App view shows the listed records in this order and hides its others.
"""

import importlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.cells import accept
from tasks.dev.airtable.schema import Table
from tasks.dev.airtable.work import Work
from tasks.dev.airtable.writing import find_field

APP_VIEW: Final = "App"
APP_ID: Final = "App ID"


class Row(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """One record of the content."""

    fields: dict[str, Any]
    id: str | None = None
    created_time: datetime | None = None


class Content(msgspec.Struct, forbid_unknown_fields=True):
    """Everything an empty base is filled with."""

    records: dict[str, list[Row]]
    views: dict[str, list[str]] = {}


def make_content(
    records: Mapping[str, Sequence[Any]], views: Mapping[str, Sequence[str]] | None = None
) -> Content:
    """Check content given as plain dictionaries."""
    return msgspec.convert({"records": records, "views": views or {}}, Content)


def read_content(source: str) -> Content:
    """Read content from a JSON file or from a module."""
    if source.endswith(".json"):
        return msgspec.json.decode(Path(source).read_bytes(), type=Content)
    module = importlib.import_module(source)
    return make_content(module.demo_base(date.today()), module.demo_views())


def load_content(base: Base, content: Content) -> None:
    """Create all records, then fill in their links, in one transaction."""
    with base.change("sync") as work:
        work.stamping = False
        pairs = [
            (base.table(name), row, work.create(base.table(name), row.id, row.created_time).id)
            for name, rows in content.records.items()
            for row in rows
        ]
        for links in (False, True):
            for table, row, record_id in pairs:
                _fill(work, table, row, record_id, links)
    for name, order in content.views.items():
        _show_only(base, base.table(name), order)


def _fill(work: Work, table: Table, row: Row, record_id: str, links: bool) -> None:
    for name, value in row.fields.items():
        if name == APP_ID and table.field(name) is None:
            continue  # a base may be started without this field
        field = find_field(table, name)
        if (field.links_to is not None) == links:
            given = _uploaded(value) if field.type == "multipleAttachments" else value
            work.write(record_id, {field.id: accept(work, None, field, given, typecast=True)})


def _uploaded(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Content names files only; their bytes are made up, so any address serves."""
    return [{"url": f"https://files.test/{file['filename']}", **file} for file in files]


def _show_only(base: Base, table: Table, order: list[str]) -> None:
    view = table.view(APP_VIEW)
    if view is None:
        raise ValueError(f"{table.name} has no view {APP_VIEW}")
    view.order = list(order)
    view.hidden = set(base.state.rows[table.id]) - set(order)
    base.save([base.table_document(table.id)])
