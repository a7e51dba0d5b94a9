"""What a person in front of Airtable, or a test, may do to the base behind the API's back."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tasks.dev.airtable import fields as columns
from tasks.dev.airtable.base import ALL_SCOPES, Base
from tasks.dev.airtable.content import load_content, make_content
from tasks.dev.airtable.listing import order_in
from tasks.dev.airtable.reading import show
from tasks.dev.airtable.schema import View
from tasks.dev.airtable.writing import Item, create, delete, update

Fields = dict[str, Any]


class Control:
    """Direct access for tests and for the page; tables, fields and views by id or name."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def records(self, table: str, by_id: bool = False) -> list[dict[str, Any]]:
        """Return all records of a table in the order they were made."""
        with self.base.lock:
            found = self.base.table(table)
            rows = self.base.state.rows[found.id].values()
            return [show(self.base.state, row, by_id, found.fields) for row in rows]

    def record(self, table: str, record_id: str, by_id: bool = False) -> dict[str, Any]:
        """Return one record; raises AirtableError when it does not exist."""
        with self.base.lock:
            found = self.base.table(table)
            row = self.base.record(found, record_id)
            return show(self.base.state, row, by_id, found.fields)

    def count(self, table: str) -> int:
        """Return the number of records of a table."""
        with self.base.lock:
            return len(self.base.state.rows[self.base.table(table).id])

    def create(self, table: str, fields: Fields, source: str = "client") -> str:
        """Create a record as an editor would and return its id."""
        with self.base.change(source) as work:
            return create(work, self.base.table(table), fields, typecast=True)

    def edit(self, table: str, record_id: str, fields: Fields, source: str = "client") -> None:
        """Change cells as an editor would."""
        with self.base.change(source) as work:
            update(work, self.base.table(table), Item(fields, record_id), typecast=True)

    def delete(self, table: str, record_id: str, source: str = "client") -> None:
        """Delete a record as an editor would."""
        with self.base.change(source) as work:
            delete(work, self.base.table(table), [record_id])

    def reorder(self, table: str, view: str, record_ids: Iterable[str]) -> None:
        """Drag these records to the top of a view, in this order."""
        self._edit_view(table, view, lambda v: setattr(v, "order", list(record_ids)))

    def hide(self, table: str, view: str, record_ids: Iterable[str]) -> None:
        """Let a view's filter leave these records out."""
        self._edit_view(table, view, lambda v: v.hidden.update(record_ids))

    def reveal(self, table: str, view: str, record_ids: Iterable[str]) -> None:
        """Let a view show these records again."""
        self._edit_view(table, view, lambda v: v.hidden.difference_update(record_ids))

    def drop_view(self, table: str, view: str) -> None:
        """Remove a view."""
        with self.base.lock:
            found = self.base.table(table)
            found.views = [v for v in found.views if view not in (v.id, v.name)]
            self.base.save([self.base.table_document(found.id)])

    def view_order(self, table: str, view: str) -> list[str]:
        """Return the ids a view shows, in its order."""
        with self.base.lock:
            found = self.base.table(table)
            return order_in(_view(found.view(view)), list(self.base.state.rows[found.id]))

    def add_field(self, table: str, name: str, kind: str = "singleLineText") -> str:
        """Add a field and return its id."""
        with self.base.lock:
            body = columns.NewField(name, kind)
            return columns.create_field(self.base, self.base.table(table), body, "client").id

    def rename_field(self, table: str, field: str, name: str) -> None:
        """Give a field another name."""
        with self.base.lock:
            columns.rename_field(self.base, self.base.table(table), field, name)

    def retype_field(self, table: str, field: str, kind: str) -> None:
        """Turn a field into another plain type; its cells become empty."""
        with self.base.lock:
            columns.retype_field(self.base, self.base.table(table), field, kind)

    def drop_field(self, table: str, field: str) -> None:
        """Remove a field and its cells."""
        with self.base.lock:
            columns.drop_field(self.base, self.base.table(table), field)

    def field_id(self, table: str, field: str) -> str:
        """Return the id of a field."""
        with self.base.lock:
            found = self.base.table(table).field(field)
            if found is None:
                raise KeyError(field)
            return found.id

    def load(
        self, records: Mapping[str, Sequence[Any]], views: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Fill the base; content.py describes the form."""
        load_content(self.base, make_content(records, views))

    def reset(self) -> None:
        """Empty the base and forget faults, log, webhooks, clock and schema changes."""
        self.base.reset()

    def fault(self, **rule: Any) -> None:
        """Queue a fault; see faults.Fault for its keys (camelCase or Python names)."""
        with self.base.lock:
            self.base.faults.add({_camel(key): value for key, value in rule.items()})

    def clear_faults(self) -> None:
        """Forget all queued faults."""
        with self.base.lock:
            self.base.faults.rules.clear()

    def latency(self, seconds: float) -> None:
        """Delay every answer of the API."""
        with self.base.lock:
            self.base.latency = seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward, so that cursors, links and webhooks expire."""
        with self.base.lock:
            self.base.clock.offset += seconds

    def expire_cursors(self) -> None:
        """Let every listing under way lose its cursor."""
        with self.base.lock:
            self.base.cursors.forget()

    def limits(self, **figures: Any) -> dict[str, Any]:
        """Change `enabled`, `requests`, `window_seconds` or `lock_seconds`; return them all."""
        with self.base.lock:
            return dict(msgspec.to_builtins(self.base.limiter.change(**figures)))

    def lock(self, seconds: float | None = None) -> None:
        """Close the base now, as after too many requests."""
        with self.base.lock:
            self.base.limiter.lock(seconds)

    def unlock(self) -> None:
        """Open the base again."""
        with self.base.lock:
            self.base.limiter.unlock()

    def scopes(self, scopes: Iterable[str] = ALL_SCOPES) -> None:
        """Set what the token may do."""
        with self.base.lock:
            self.base.scopes = frozenset(scopes)

    def requests(self) -> list[dict[str, Any]]:
        """Return the log: time, method, path, table and status of each request."""
        with self.base.lock:
            return [dict(msgspec.to_builtins(entry)) for entry in self.base.journal.entries]

    def busiest(self, seconds: float = 1.0) -> int:
        """Return the largest number of requests that arrived within any such span."""
        with self.base.lock:
            return self.base.journal.busiest(seconds)

    def clear_requests(self) -> None:
        """Empty the log."""
        with self.base.lock:
            self.base.journal.entries.clear()

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the living webhooks with everything known about them, secrets included."""
        with self.base.lock:
            return [dict(msgspec.to_builtins(hook)) for hook in self.base.webhooks.active()]

    def drop_payloads(self, webhook_id: str) -> None:
        """Lose the payloads waiting for a webhook, so that its next cursor has a gap."""
        with self.base.lock:
            self.base.webhooks.get(webhook_id).payloads.clear()

    def wait_for(self, ready: Callable[[], object], seconds: float = 10.0) -> None:
        """Poll until something is true or raise TimeoutError."""
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > end:
                raise TimeoutError("the stand-in never got there")
            time.sleep(0.01)

    def _edit_view(self, table: str, key: str, edit: Callable[[View], Any]) -> None:
        with self.base.lock:
            found = self.base.table(table)
            edit(_view(found.view(key)))
            self.base.save([self.base.table_document(found.id)])


def _view(view: View | None) -> View:
    if view is None:
        raise KeyError("no such view")
    return view


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
