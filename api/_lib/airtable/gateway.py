"""Airtable as the server uses it: every request through the limiter, answers by field id."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from api._lib.airtable import formula
from api._lib.airtable.administration import Administration
from api._lib.airtable.calls import ANYTIME, Ticket
from api._lib.airtable.errors import RefusedError, TransientError
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.model import Table

if TYPE_CHECKING:
    from pyairtable import Api
    from pyairtable.api.table import Table as RemoteTable

T = TypeVar("T")

BATCH = 10
"""Records in one write; Airtable allows no more."""

PAGE = 100
LISTING_RESTARTS = 3
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


class Gateway(Administration):
    """The only way to Airtable."""

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

        def call(api: "Api") -> Any:
            return api.request("POST", self._remote(api, table).urls.records_post, json=body)

        answer = await self.of_table(call, lane)
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
        answer = await self.send(lambda api: self._remote(api, table).get(record_id), lane)
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
        answer = await self.of_table(
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
    ) -> list[RemoteRecord]:
        """Change the given cells of records; raises MissingError when one is not there."""
        records: list[Any] = [
            {"id": update.id, "fields": dict(update.fields)} for update in _batch(updates)
        ]
        answer = await self.send(
            lambda api: self._remote(api, table).batch_update(
                records, typecast=typecast, use_field_ids=True
            ),
            lane,
            ticket=ticket,
        )
        return [_record(raw) for raw in answer]

    async def delete(
        self, table: Table, ids: Sequence[str], lane: Lane, *, ticket: Ticket = ANYTIME
    ) -> None:
        """Delete records; raises MissingError, deleting none, when one is not there."""
        batch = _batch(ids)
        await self.send(
            lambda api: self._remote(api, table).batch_delete(batch), lane, ticket=ticket
        )

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

    def _remote(self, api: "Api", table: Table) -> "RemoteTable":
        return api.table(self._base, self.table_id(table))


class _CursorGoneError(Exception):
    """Airtable forgot where a listing was."""


def _batch(items: Sequence[T]) -> list[T]:
    if not 0 < len(items) <= BATCH:
        raise ValueError(f"a write takes 1 to {BATCH} records")
    return list(items)


def _record(raw: Mapping[str, Any]) -> RemoteRecord:
    return RemoteRecord(raw["id"], raw.get("createdTime", ""), dict(raw.get("fields", {})))


def _records(answer: Mapping[str, Any]) -> list[RemoteRecord]:
    return [_record(raw) for raw in answer["records"]]
