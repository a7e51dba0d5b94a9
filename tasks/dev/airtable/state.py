"""All records in memory, with the look-ups that keep reads and merges quick."""

from collections import defaultdict
from typing import Any

from tasks.dev.airtable.attachments import Signer
from tasks.dev.airtable.clock import OffsetClock
from tasks.dev.airtable.records import Record, RecordChange
from tasks.dev.airtable.schema import Field, Schema, Table

Ids = dict[str, None]


class State:
    """The committed content of the base."""

    def __init__(self, schema: Schema, clock: OffsetClock, signer: Signer) -> None:
        self.schema = schema
        self.clock = clock
        self.signer = signer
        self.transactions = 0
        self.rows: dict[str, dict[str, Record]] = {table.id: {} for table in schema.tables}
        self._home: dict[str, str] = {}
        self._sources: dict[str, dict[str, Ids]] = defaultdict(lambda: defaultdict(dict))
        self._by_value: dict[str, dict[Any, Ids]] = {}

    def get(self, record_id: str) -> Record | None:
        """Return a record of any table, or None."""
        table = self._home.get(record_id)
        return self.rows[table].get(record_id) if table else None

    def sources(self, owner: str, target: str) -> list[str]:
        """List the records whose link field `owner` points at `target`, oldest link first."""
        return list(self._sources[owner].get(target, ()))

    def links(self, record: Record, field: Field) -> list[str]:
        """Return the record ids in a link cell, whichever side of the pair is stored."""
        if field.derived:
            return self.sources(field.inverse or "", record.id)
        cell: list[str] = record.cells.get(field.id, [])
        return cell

    def matching(self, table: Table, field: Field, value: Any) -> list[str]:
        """List the records of a table with this value in a plain field."""
        index = self._by_value.get(field.id)
        if index is None:
            index = self._by_value[field.id] = defaultdict(dict)
            for record in self.rows[table.id].values():
                index[record.cells.get(field.id)][record.id] = None
        return list(index.get(value, ()))

    def apply(self, changes: list[RecordChange]) -> None:
        """Make the changes of one transaction visible."""
        for change in changes:
            if change.before is not None:
                self._unlink(change.before, change.after)
            if change.after is not None:
                self.put(change.after)
            else:
                del self.rows[change.table][change.record_id]
                del self._home[change.record_id]

    def put(self, record: Record) -> None:
        """Store a record and the links that start at it."""
        self.rows[record.table][record.id] = record
        self._home[record.id] = record.table
        for owner, target in self._stored_links(record):
            self._sources[owner][target][record.id] = None
        for field, index in self._indexes_of(record):
            index[record.cells.get(field)][record.id] = None

    def _unlink(self, before: Record, after: Record | None) -> None:
        kept = self._stored_links(after) if after else []
        for owner, target in self._stored_links(before):
            if (owner, target) not in kept:
                self._sources[owner][target].pop(before.id, None)
        for field, index in self._indexes_of(before):
            index[before.cells.get(field)].pop(before.id, None)

    def _stored_links(self, record: Record) -> list[tuple[str, str]]:
        return [
            (field_id, target)
            for field_id, cell in record.cells.items()
            if self.schema.fields[field_id].links_to
            for target in cell
        ]

    def _indexes_of(self, record: Record) -> list[tuple[str, dict[Any, Ids]]]:
        home = self.schema.home
        own = [f for f in self._by_value if f in home and home[f].id == record.table]
        return [(f, self._by_value[f]) for f in own]
