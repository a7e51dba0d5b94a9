"""The base as one object: its records, webhooks, limits and everything a request passes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from tasks.dev.airtable.attachments import Signer
from tasks.dev.airtable.clock import OffsetClock
from tasks.dev.airtable.errors import no_access, not_found
from tasks.dev.airtable.faults import Faults
from tasks.dev.airtable.journal import Journal
from tasks.dev.airtable.limiter import Limits, RateLimiter
from tasks.dev.airtable.listing import Cursors
from tasks.dev.airtable.records import Record
from tasks.dev.airtable.schema import Schema, Table, load_schema
from tasks.dev.airtable.state import State
from tasks.dev.airtable.store import Document, Store
from tasks.dev.airtable.webhooks.pings import Pinger
from tasks.dev.airtable.webhooks.registry import Webhooks
from tasks.dev.airtable.work import Work

ALL_SCOPES: Final = (
    "data.records:read",
    "data.records:write",
    "schema.bases:read",
    "schema.bases:write",
    "webhook:manage",
)


class Options(msgspec.Struct):
    """How a stand-in is started; `without_app_id` names tables that lack the field."""

    base_id: str = "appStandIn0000000"
    token: str = "patStandIn.local"  # noqa: S105  # opens nothing but this stand-in
    origin: str = "http://127.0.0.1:8090"
    limits: Limits = msgspec.field(default_factory=Limits)
    cursor_seconds: float = 300.0
    scopes: frozenset[str] = frozenset(ALL_SCOPES)
    without_app_id: tuple[str, ...] = ()
    latency_seconds: float = 0.0


class Base:
    """Everything behind the API; take `lock` around any use of it."""

    def __init__(self, options: Options, store: Store) -> None:
        self.options = options
        self.store = store
        self.lock = threading.RLock()
        self.clock = OffsetClock()
        self.pinger: Pinger | None = None
        self._start(self._stored_schema())
        self._load()

    def reset(self) -> None:
        """Go back to an empty base as it was first started."""
        with self.lock:
            self.store.clear()
            self.clock.offset = 0.0
            self._start(load_schema())

    @contextmanager
    def change(self, source: str) -> Iterator[Work]:
        """Run one transaction: all its changes become visible and lasting, or none do."""
        with self.lock:
            work = Work(self.state)
            yield work
            changes = work.finish()
            documents = [_record_document(change.record_id, change.after) for change in changes]
            documents += [self.table_document(t) for t in sorted(work.touched_tables)]
            self.save([*documents, *self.webhooks.record(changes, source)])

    def save(self, documents: list[Document]) -> None:
        """Store documents and wake the webhooks that have something new."""
        self.store.write([*documents, ("meta", "transactions", b"%d" % self.state.transactions)])
        if self.pinger is not None and self.webhooks.dirty:
            self.pinger.wake(self.webhooks.dirty)
        self.webhooks.dirty = set()

    def table(self, key: str) -> Table:
        """Find a table by id or name; the service answers an unknown one with 403."""
        found = self.state.schema.table(key)
        if found is None:
            raise no_access()
        return found

    def record(self, table: Table, record_id: str) -> Record:
        """Find a record of the table or answer 404."""
        found = self.state.rows[table.id].get(record_id)
        if found is None:
            raise not_found()
        return found

    def table_document(self, table_id: str) -> Document:
        """Return a table's definition as a document for the store."""
        return "table", table_id, msgspec.json.encode(self.state.schema.by_key[table_id])

    def is_empty(self) -> bool:
        """Tell whether no table holds a record."""
        return not any(self.state.rows.values())

    def _start(self, schema: Schema) -> None:
        for table in schema.tables:
            if {table.id, table.name, "*"} & set(self.options.without_app_id):
                table.fields = [field for field in table.fields if field.name != "App ID"]
        schema.reindex()
        signer = Signer(self.clock, self.options.origin, self.options.token)
        self.state = State(schema, self.clock, signer)
        self.webhooks = Webhooks(self.state)
        self.cursors = Cursors(self.clock, self.options.cursor_seconds)
        self.limiter = RateLimiter(self.clock, self.options.limits)
        self.faults = Faults()
        self.journal = Journal()
        self.latency = self.options.latency_seconds
        self.scopes = self.options.scopes

    def _stored_schema(self) -> Schema:
        stored = dict(self.store.read("table"))
        schema = load_schema()
        schema.tables = [
            msgspec.json.decode(stored[table.id], type=Table) if table.id in stored else table
            for table in schema.tables
        ]
        return schema

    def _load(self) -> None:
        for _, body in self.store.read("record"):
            self.state.put(msgspec.json.decode(body, type=Record))
        for _, body in self.store.read("meta"):
            self.state.transactions = int(body)
        hooks = [body for _, body in self.store.read("webhook")]
        self.webhooks.load(hooks, self.store.read("payload"))


def _record_document(record_id: str, record: Record | None) -> Document:
    return "record", record_id, None if record is None else msgspec.json.encode(record)
