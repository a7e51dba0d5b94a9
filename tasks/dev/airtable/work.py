"""One request's changes, invisible to others until `finish` makes them whole."""

from datetime import datetime
from typing import Any

from tasks.dev.airtable.ids import new_id
from tasks.dev.airtable.records import Cells, Record, RecordChange
from tasks.dev.airtable.schema import Choice, Field, Table
from tasks.dev.airtable.state import State


class Work:
    """A unit of work: all of it reaches the base or nothing does; `stamping` notes the time."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.now = state.clock.now()
        self.stamping = True
        self.touched_tables: set[str] = set()
        self._rows: dict[str, Record | None] = {}
        self._choices: dict[str, list[Choice]] = {}
        self._counters: dict[str, int] = {}

    def get(self, record_id: str) -> Record | None:
        """Return a record as this request sees it."""
        return self._rows[record_id] if record_id in self._rows else self.state.get(record_id)

    def create(
        self, table: Table, record_id: str | None = None, created: datetime | None = None
    ) -> Record:
        """Add an empty record to a table; content brings its own id and time."""
        moment = created or self.now
        number = self._counters.get(table.id, table.counter) + 1
        self._counters[table.id] = number
        record = Record(record_id or new_id("rec"), table.id, number, moment, moment, {})
        self._rows[record.id] = record
        return record

    def delete(self, record: Record) -> None:
        """Remove a record; links that pointed at it become empty."""
        for owner in self.state.schema.owners_into(record.table):
            for source in self.sources(owner, record.id):
                self._unlink(owner, source, record.id)
        self._rows[record.id] = None

    def write(self, record_id: str, cells: Cells) -> None:
        """Set cells by field id; None empties a cell."""
        for field_id, value in cells.items():
            field = self.state.schema.fields[field_id]
            if field.derived:
                self._write_derived(field, record_id, value or [])
            else:
                self._put_cell(record_id, field_id, value)

    def sources(self, owner: Field, target: str) -> list[str]:
        """List the records whose link field points at `target`, pending changes included."""
        found = dict.fromkeys(self.state.sources(owner.id, target))
        for record_id, record in self._rows.items():
            if record is not None and target in record.cells.get(owner.id, ()):
                found[record_id] = None
            else:
                found.pop(record_id, None)
        return list(found)

    def choice_names(self, field: Field) -> set[str]:
        """Return the options of a select, those this request adds included."""
        return {c.name for c in [*(field.choices or []), *self._choices.get(field.id, [])]}

    def add_choice(self, field: Field, name: str) -> None:
        """Remember a new option of a select."""
        self._choices.setdefault(field.id, []).append(Choice(new_id("sel"), name))

    def finish(self) -> list[RecordChange]:
        """Commit everything and tell what changed, reciprocal links included."""
        changes = self._changes()
        self.state.apply(changes)
        self._apply_schema()
        if changes:
            self.state.transactions += 1
        return changes

    def _put_cell(self, record_id: str, field_id: str, value: Any) -> None:
        record = self.get(record_id)
        if record is None:
            return
        cells = {k: v for k, v in record.cells.items() if k != field_id}
        if value is not None and value != []:
            cells[field_id] = value
        self._rows[record_id] = record.with_cells(cells, record.modified)

    def _write_derived(self, field: Field, record_id: str, wanted: list[str]) -> None:
        owner = self.state.schema.fields[field.inverse or ""]
        present = self.sources(owner, record_id)
        for source in present:
            if source not in wanted:
                self._unlink(owner, source, record_id)
        for source in wanted:
            if source not in present and (row := self.get(source)) is not None:
                self._put_cell(source, owner.id, [*row.cells.get(owner.id, []), record_id])

    def _unlink(self, owner: Field, source: str, target: str) -> None:
        row = self.get(source)
        if row is not None:
            rest = [x for x in row.cells.get(owner.id, []) if x != target]
            self._put_cell(source, owner.id, rest)

    def _changes(self) -> list[RecordChange]:
        changed = {c.record_id: c for c in map(self._own_change, self._rows) if c is not None}
        for change in list(changed.values()):
            for field_id in change.fields:
                for target, inverse in self._moved_links(change, field_id):
                    self._touch(changed, target, inverse)
        return [self._stamped(change) for change in changed.values()]

    def _own_change(self, record_id: str) -> RecordChange | None:
        before, after = self.state.get(record_id), self._rows[record_id]
        old = before.cells if before else {}
        new = after.cells if after else {}
        fields = frozenset(f for f in {*old, *new} if old.get(f) != new.get(f))
        row = after or before
        if row is None or (before and after and not fields):
            return None
        return RecordChange(record_id, row.table, before, after, fields)

    def _moved_links(self, change: RecordChange, field_id: str) -> list[tuple[str, str]]:
        field = self.state.schema.fields[field_id]
        if field.inverse is None:
            return []
        old = change.before.cells.get(field_id, []) if change.before else []
        new = change.after.cells.get(field_id, []) if change.after else []
        return [(target, field.inverse) for target in dict.fromkeys([*old, *new])
                if (target in old) != (target in new)]  # fmt: skip

    def _touch(self, changed: dict[str, RecordChange], target: str, inverse: str) -> None:
        row = self.get(target)
        if row is None:
            return
        known = changed.get(target)
        fields = (known.fields if known else frozenset()) | {inverse}
        before = known.before if known else self.state.get(target)
        changed[target] = RecordChange(target, row.table, before, row, fields)

    def _stamped(self, change: RecordChange) -> RecordChange:
        if change.after is None or not self.stamping:
            return change
        after = change.after.with_cells(change.after.cells, self.now)
        return RecordChange(change.record_id, change.table, change.before, after, change.fields)

    def _apply_schema(self) -> None:
        schema = self.state.schema
        for table in schema.tables:
            if table.id in self._counters:
                table.counter = self._counters[table.id]
        for field_id, added in self._choices.items():
            field = schema.fields[field_id]
            field.choices = [*(field.choices or []), *added]
        self.touched_tables = {*self._counters, *(schema.home[f].id for f in self._choices)}
