"""A record as it is stored: only filled, uncomputed cells, keyed by field id."""

from datetime import datetime
from typing import Any

import msgspec

Cells = dict[str, Any]


class Record(msgspec.Struct, frozen=True):
    """One row; `modified` moves with every change, also of a reciprocal link."""

    id: str
    table: str
    number: int
    created: datetime
    modified: datetime
    cells: Cells

    def with_cells(self, cells: Cells, modified: datetime) -> "Record":
        """Return the row with other cells and a new time of change."""
        return msgspec.structs.replace(self, cells=cells, modified=modified)


class RecordChange(msgspec.Struct, frozen=True):
    """What one request did to one record; `fields` are the ids whose value changed."""

    record_id: str
    table: str
    before: Record | None
    after: Record | None
    fields: frozenset[str]
