"""Airtable as the server uses it: every request through the limiter, answers by field id."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from msgspec import Struct, structs
from pyairtable import Api
from pyairtable.api.table import Table as RemoteTable

from api._lib import metrics
from api._lib.airtable import formula, store
from api._lib.airtable.errors import (
    AirtableError,
    ConfigurationError,
    MissingError,
    NotSentError,
    RefusedError,
    ThrottledError,
    TransientError,
)
from api._lib.airtable.limiter import Grant, Lane, Limiter
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.model import Table
from api._lib.airtable.transport import TooLateError, Transport, retry_after
from api._lib.cache import Cache
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings

T = TypeVar("T")

BATCH = 10
"""Records in one write; Airtable allows no more."""

PAGE = 100
SECONDS = {Lane.INTERACTIVE: 3.0, Lane.OUTBOX: 30.0, Lane.INBOUND: 30.0}
"""Longest request; inside a user's request this is slot and answer together."""

PATIENCE = {Lane.INTERACTIVE: 2.5, Lane.OUTBOX: 20.0, Lane.INBOUND: 300.0}
"""Longest wait for a slot."""

LISTING_RESTARTS = 3
NOTE_EVERY_SECONDS = 15.0
CURSOR_GONE = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"


class RemoteRecord(Struct, frozen=True):
    """A record as Airtable answers it: cells by field id, empty ones absent."""

    id: str
    created_time: str
    fields: dict[str, Any]


class Page(Struct, frozen=True):
    """A part of a listing and the cursor of the next part."""

    records: list[RemoteRecord]
    offset: str | None


class Update(Struct, frozen=True):
    """New cells of a record whose id is known."""

    id: str
    fields: Mapping[str, object]


class Ticket(Struct, frozen=True):
    """Until when a write may start, and whom to tell that it does."""

    not_after: float = float("inf")
    """Monotonic time at which the lease of the sender ends."""
    started: Callable[[], None] = lambda: None


ANYTIME = Ticket()


class Gateway:
    """The only way to Airtable."""

    def __init__(self, settings: Settings, cache: Cache, db: Database) -> None:
        self._base = settings.airtable_base_id or ""
        self._tables = settings.airtable_tables
        self._db = db
        self._noted: tuple[str | None, float] = (None, 0.0)
        self.limiter = Limiter(settings, cache, db)
        self.configured = bool(settings.airtable_access_token and settings.airtable_base_id)
        self._transport = Transport(
            settings.airtable_access_token or "",
            settings.airtable_endpoint_url,
            settings.airtable_max_concurrency + 4,
        )

    async def close(self) -> None:
        """Stop sending."""
        self._transport.close()
        await self.limiter.close()

    def table_id(self, table: Table | str) -> str:
        """Airtable's id of a table, by its logical name."""
        return self._tables[table if isinstance(table, str) else table.key]

    async def page(
        self,
        table: Table,
        lane: Lane,
        *,
        fields: Sequence[str] | None = None,
        where: str | None = None,
        view: str | None = None,
        offset: str | None = None,
        size: int = PAGE,
        most: int | None = None,
    ) -> Page:
        """One page of a listing; `fields` are keys as `Field.key` gives them."""
        options = {
            "fields": list(fields) if fields is not None else None,
            "filterByFormula": where,
            "view": view,
            "offset": offset,
            "maxRecords": most,
        }
        body = {name: value for name, value in options.items() if value is not None}
        body |= {"pageSize": size, "returnFieldsByFieldId": not table.by_name}

        def call(api: Api) -> Any:
            return api.request("POST", self._remote(api, table).urls.records_post, json=body)

        answer = await self._of_table(call, lane)
        return Page(_records(answer), answer.get("offset"))

    async def listing(
        self,
        table: Table,
        lane: Lane,
        *,
        fields: Sequence[str] | None = None,
        where: str | None = None,
        view: str | None = None,
    ) -> list[RemoteRecord]:
        """All pages or an error, never a part; starts again when Airtable forgot its cursor."""
        for _ in range(LISTING_RESTARTS):
            with suppress(_CursorGoneError):
                return await self._all_pages(table, lane, fields, where, view)
        raise TransientError("the listing did not hold still")

    async def records(
        self, table: Table, ids: Sequence[str], lane: Lane, fields: Sequence[str] | None = None
    ) -> list[RemoteRecord]:
        """Those of the records that exist, a hundred per request."""
        found: list[RemoteRecord] = []
        for start in range(0, len(ids), PAGE):
            where = formula.record_ids(ids[start : start + PAGE])
            found += await self.listing(table, lane, fields=fields, where=where)
        return found

    async def get(self, table: Table, record_id: str, lane: Lane) -> RemoteRecord:
        """One record; raises MissingError."""
        if not formula.is_record_id(record_id):
            raise ValueError("not a record id")
        answer = await self._send(lambda api: self._remote(api, table).get(record_id), lane)
        return _record(answer)

    async def with_app_id(
        self, table: Table, app_ids: Sequence[str], lane: Lane
    ) -> list[RemoteRecord]:
        """The records that carry one of our ids."""
        where = formula.any_of(formula.equals(APP_ID, app_id) for app_id in app_ids)
        return await self.listing(table, lane, where=where)

    async def upsert(
        self,
        table: Table,
        merge_on: str,
        cells: Sequence[Mapping[str, object]],
        lane: Lane,
        *,
        typecast: bool = False,
        ticket: Ticket = ANYTIME,
    ) -> list[RemoteRecord]:
        """Create records, or update those that already carry the value of the merge field."""
        records = [{"fields": dict(fields)} for fields in _batch(cells)]
        answer = await self._of_table(
            lambda api: self._remote(api, table).batch_upsert(
                records, [merge_on], typecast=typecast, use_field_ids=True
            ),
            lane,
            ticket=ticket,
        )
        return _records(answer)

    async def update(
        self,
        table: Table,
        updates: Sequence[Update],
        lane: Lane,
        *,
        typecast: bool = False,
        ticket: Ticket = ANYTIME,
    ) -> None:
        """Change the given cells of records; raises MissingError when one is not there."""
        records: list[Any] = [
            {"id": update.id, "fields": dict(update.fields)} for update in _batch(updates)
        ]
        await self._send(
            lambda api: self._remote(api, table).batch_update(
                records, typecast=typecast, use_field_ids=True
            ),
            lane,
            ticket=ticket,
        )

    async def delete(
        self, table: Table, ids: Sequence[str], lane: Lane, *, ticket: Ticket = ANYTIME
    ) -> None:
        """Delete records; raises MissingError, deleting none, when one is not there."""
        batch = _batch(ids)
        await self._send(
            lambda api: self._remote(api, table).batch_delete(batch), lane, ticket=ticket
        )

    async def schema(self, lane: Lane) -> list[dict[str, Any]]:
        """Tables and fields of the base; raises ConfigurationError without the scope for it."""
        answer = await self._scoped("GET", f"meta/bases/{self._base}/tables", lane)
        tables: list[dict[str, Any]] = answer["tables"]
        return tables

    async def create_field(self, table: Table, body: Mapping[str, object], lane: Lane) -> None:
        """Add a field to a table."""
        path = f"meta/bases/{self._base}/tables/{self.table_id(table)}/fields"
        await self._scoped("POST", path, lane, body)

    async def webhooks(self, lane: Lane) -> list[dict[str, Any]]:
        """The webhooks of this token."""
        answer = await self._scoped("GET", f"bases/{self._base}/webhooks", lane)
        webhooks: list[dict[str, Any]] = answer["webhooks"]
        return webhooks

    async def create_webhook(self, body: Mapping[str, object], lane: Lane) -> dict[str, Any]:
        """Register a webhook; its secret is told this once."""
        answer: dict[str, Any] = await self._scoped(
            "POST", f"bases/{self._base}/webhooks", lane, body
        )
        return answer

    async def refresh_webhook(self, webhook_id: str, lane: Lane) -> dict[str, Any]:
        """Let a webhook live another seven days."""
        path = f"bases/{self._base}/webhooks/{webhook_id}/refresh"
        answer: dict[str, Any] = await self._scoped("POST", path, lane)
        return answer

    async def delete_webhook(self, webhook_id: str, lane: Lane) -> None:
        """Remove a webhook."""
        await self._scoped("DELETE", f"bases/{self._base}/webhooks/{webhook_id}", lane)

    async def webhook_payloads(self, webhook_id: str, cursor: int, lane: Lane) -> dict[str, Any]:
        """Up to fifty notices of changes, from a cursor on."""
        path = f"bases/{self._base}/webhooks/{webhook_id}/payloads"
        params = {"cursor": cursor, "limit": 50}
        answer: dict[str, Any] = await self._scoped("GET", path, lane, params=params)
        return answer

    async def _all_pages(
        self,
        table: Table,
        lane: Lane,
        fields: Sequence[str] | None,
        where: str | None,
        view: str | None,
    ) -> list[RemoteRecord]:
        found: list[RemoteRecord] = []
        offset: str | None = None
        while True:
            try:
                page = await self.page(
                    table, lane, fields=fields, where=where, view=view, offset=offset
                )
            except RefusedError as error:
                if offset is not None and error.kind == CURSOR_GONE:
                    raise _CursorGoneError from error
                raise
            found += page.records
            offset = page.offset
            if offset is None:
                return found

    async def _scoped(
        self,
        method: str,
        path: str,
        lane: Lane,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> Any:
        """A request that needs a scope of its own, so that a 403 says nothing about the token."""
        json = dict(body) if body is not None else None

        def call(api: Api) -> Any:
            url = api.build_url(*path.split("/"))
            return api.request(method, url, json=json, params=dict(params or {}))

        return await self._of_table(call, lane, scoped=True)

    async def _of_table(
        self,
        call: Callable[[Api], T],
        lane: Lane,
        *,
        scoped: bool = False,
        ticket: Ticket = ANYTIME,
    ) -> T:
        """A request that names no record: if something is missing, the settings are wrong."""
        try:
            return await self._send(call, lane, scoped=scoped, ticket=ticket)
        except MissingError as error:
            raise ConfigurationError(str(error), status=error.status, kind=error.kind) from error

    async def _send(
        self,
        call: Callable[[Api], T],
        lane: Lane,
        *,
        scoped: bool = False,
        ticket: Ticket = ANYTIME,
    ) -> T:
        if not self.configured:
            raise NotSentError("no credentials", 60.0)
        ends = time.monotonic() + SECONDS[lane]
        tries = 0
        while True:
            grant = await self.limiter.acquire(lane, PATIENCE[lane], tries)
            ticket.started()
            start_before = min(grant.start_before, ticket.not_after)
            grant = structs.replace(grant, start_before=start_before)
            left = ends - time.monotonic() if lane is Lane.INTERACTIVE else SECONDS[lane]
            try:
                return await self._perform(call, grant, left, scoped)
            except TooLateError:
                if time.monotonic() > ticket.not_after:
                    raise NotSentError("too late", 0.0) from None
                tries += 1

    async def _perform(
        self, call: Callable[[Api], T], grant: Grant, seconds: float, scoped: bool
    ) -> T:
        running = asyncio.ensure_future(
            self._transport.run(call, start_before=grant.start_before, seconds=seconds)
        )
        try:
            result = await asyncio.wait_for(asyncio.shield(running), seconds + 1)
        except TimeoutError:
            error: AirtableError = TransientError("no answer in time")
        except AirtableError as failed:
            error = failed
        else:
            await self._report("ok", None)
            return result
        error.probe = grant.probe
        await self._report(_outcome(error, scoped), error)
        raise error

    async def _report(self, outcome: str, error: AirtableError | None) -> None:
        metrics.airtable_calls.labels(outcome).inc()
        await self.limiter.report(outcome, retry_after(error) if error else 0.0)
        text = None if outcome == "ok" else type(error).__name__
        before, at = self._noted
        now = time.monotonic()
        if text != before or now - at > NOTE_EVERY_SECONDS:
            self._noted = (text, now)
            with suppress(DatabaseUnavailableError):
                await store.note_result(self._db, text)

    def _remote(self, api: Api, table: Table) -> RemoteTable:
        return api.table(self._base, self.table_id(table))


class _CursorGoneError(Exception):
    """Airtable forgot where a listing was."""


def _outcome(error: AirtableError, scoped: bool) -> str:
    """What the limiter must learn: an answer that refuses is still an answer."""
    if isinstance(error, ThrottledError):
        return "throttled"
    if isinstance(error, TransientError):
        return "failure"
    if isinstance(error, ConfigurationError) and not scoped:
        return "auth"
    return "ok"


def _batch(items: Sequence[T]) -> list[T]:
    if not 0 < len(items) <= BATCH:
        raise ValueError(f"a write takes 1 to {BATCH} records")
    return list(items)


def _record(raw: Mapping[str, Any]) -> RemoteRecord:
    return RemoteRecord(raw["id"], raw.get("createdTime", ""), dict(raw.get("fields", {})))


def _records(answer: Mapping[str, Any]) -> list[RemoteRecord]:
    return [_record(raw) for raw in answer["records"]]
