"""The mapped tables as requests use them: scans kept for a minute, writes made at once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from uuid import UUID

import asyncpg
import msgspec

from api._lib.airtable import store
from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import ConfigurationError, MissingError, RefusedError, TransientError
from api._lib.airtable.formula import is_record_id
from api._lib.airtable.gateway import BATCH, Gateway, RemoteRecord, Update
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import ENTITY_OF_TABLE
from api._lib.airtable.model import Table
from api._lib.airtable.records import Record, called, cells_to_write
from api._lib.airtable.schema import Schema, check_schema, known_schema
from api._lib.cache import Cache
from api._lib.db import Database, DatabaseUnavailableError

SCAN_SECONDS = 60
SCHEMA_SECONDS = 30.0
PASSING_SECONDS = 3.0
LOOK_SECONDS = 0.1
NO_VIEW = "VIEW_NAME_NOT_FOUND"
UNKNOWN_OPTION = "INVALID_MULTIPLE_CHOICE_OPTIONS"

# A scan that began before a write of ours must not outlive that write.
FILL = """
if (redis.call('GET', KEYS[2]) or '') == ARGV[3] then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
"""

Values = Mapping[str, object]
"""New cells by the names of the mapping."""


class Tables:
    """Reads and writes records for one purpose; every method raises AirtableError."""

    def __init__(
        self, gateway: Gateway, cache: Cache, db: Database, lane: Lane = Lane.INTERACTIVE
    ) -> None:
        self.gateway = gateway
        self._cache = cache
        self._db = db
        self._lane = lane
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._schema: tuple[Schema, float] | None = None

    def apart(self) -> "Tables":
        """The same tables without the memory, asked only when nobody else wants to."""
        return Tables(self.gateway, Cache(None), self._db, Lane.INBOUND)

    async def scan(self, table: Table) -> list[Record]:
        """All records, at most a minute old but for changes made here."""
        key = f"airtable:{self.gateway.table_id(table)}:scan"
        async with self._locks[key]:
            stored = await self._cache.get(key)
            if stored is not None:
                found = msgspec.json.decode(stored, type=list[RemoteRecord])
            else:
                found = await self._scanned(table, key)
        return await self._records(table, found)

    async def where(self, table: Table, formula: str) -> list[Record]:
        """The records that meet a formula, as they are now."""
        keys = await self._keys(table)
        found = await self.gateway.listing(table, self._lane, fields=keys, where=formula)
        return await self._records(table, found)

    async def listed(self, table: Table) -> list[Record]:
        """The records that the table's view shows, in its order; all of them without a view."""
        keys = await self._keys(table)
        try:
            found = await self.gateway.listing(table, self._lane, fields=keys, view=table.view)
        except RefusedError as error:
            if error.kind != NO_VIEW:
                raise
            found = await self.gateway.listing(table, self._lane, fields=keys)
        return await self._records(table, found)

    async def named(self, table: Table, record_ids: Sequence[str]) -> list[Record]:
        """Those of the records that exist, as they are now."""
        keys = await self._keys(table)
        found = await self.gateway.records(table, record_ids, self._lane, keys)
        return await self._records(table, found)

    async def get(self, table: Table, record_id: str) -> Record | None:
        """One record as it is now."""
        try:
            found = await self.gateway.get(table, record_id, self._lane)
        except MissingError:
            return None
        return (await self._records(table, [found]))[0]

    async def find(
        self, kind: EntityType, records: Sequence[Record], entity_id: str
    ) -> Record | None:
        """The one of the records that an id of either form means."""
        found = called(records, entity_id)
        if found is not None or is_record_id(entity_id):
            return found
        linked = await store.record_id(self._db, kind, entity_id)
        return called(records, linked) if linked else None

    async def create(self, table: Table, app_id: UUID, values: Values) -> Record:
        """Make a record that carries our id; made again it is only written again."""
        return (await self.create_all(table, {app_id: values}))[0]

    async def create_all(self, table: Table, wanted: Mapping[UUID, Values]) -> list[Record]:
        """Make records, ten per request, in the order given."""
        schema = await self.schema()
        merge_on = schema.app_id(table)
        if merge_on is None:
            raise ConfigurationError(f"the table {table.key} has no App ID field")
        cells = [
            {merge_on: str(app_id), **cells_to_write(table, values, schema)}
            for app_id, values in wanted.items()
        ]
        made: list[RemoteRecord] = []
        for start in range(0, len(cells), BATCH):
            made += await self._upsert(table, merge_on, cells[start : start + BATCH])
        await self.forget(table)
        by_id = {record.app_id: record for record in await self._records(table, made)}
        if any(app_id not in by_id for app_id in wanted):
            raise TransientError("the answer does not name all records")
        return [by_id[app_id] for app_id in wanted]

    async def change(self, table: Table, record_id: str, values: Values) -> Record | None:
        """Change cells of a record; nothing when it is not there."""
        await self._let_pass(table, [record_id])
        cells = cells_to_write(table, values, await self.schema())
        try:
            found = await self._update(table, Update(record_id, cells))
        except MissingError:
            found = []
        await self.forget(table)
        return next(iter(await self._records(table, found)), None)

    async def change_all(self, table: Table, changes: Mapping[str, Values]) -> list[Record]:
        """Change cells of records that are there, ten per request; raises MissingError."""
        await self._let_pass(table, list(changes))
        schema = await self.schema()
        updates = [
            Update(record_id, cells_to_write(table, values, schema))
            for record_id, values in changes.items()
        ]
        found: list[RemoteRecord] = []
        for start in range(0, len(updates), BATCH):
            found += await self.gateway.update(table, updates[start : start + BATCH], self._lane)
        await self.forget(table)
        return await self._records(table, found)

    async def remove(self, table: Table, record_ids: Sequence[str]) -> None:
        """Delete records; those that are gone already need no deleting."""
        await self._let_pass(table, record_ids)
        for start in range(0, len(record_ids), BATCH):
            batch = record_ids[start : start + BATCH]
            try:
                await self.gateway.delete(table, batch, self._lane)
            except MissingError:
                for record_id in batch:
                    with suppress(MissingError):
                        await self.gateway.delete(table, [record_id], self._lane)
        await self.forget(table)

    async def forget(self, *tables: Table) -> None:
        """Scan these tables anew next time, in every process."""
        client = self._cache.client
        if client is None:
            return
        for table in tables:
            table_id = self.gateway.table_id(table)
            await self._cache.attempt(client.incr(f"scan:version:{table_id}"), 0)
            await self._cache.attempt(client.expire(f"scan:version:{table_id}", 86_400), False)
            await self._cache.delete(f"airtable:{table_id}:scan")

    async def schema(self) -> Schema:
        """What the base looks like, as somebody saw it lately."""
        now = time.monotonic()
        if self._schema is None or self._schema[1] < now:
            schema = await known_schema(self._db)
            if schema is None:
                schema = await check_schema(self.gateway, self._db, self._lane)
            self._schema = (schema, now + SCHEMA_SECONDS)
        return self._schema[0]

    async def _let_pass(self, table: Table, record_ids: Sequence[str]) -> None:
        """Wait for older changes of ours, which would undo this one; raises TransientError.

        Only just after a flag was switched is there anything to wait for. People's rows are sent
        whatever the flags say, and never hold what is written here.
        """
        kind = ENTITY_OF_TABLE[table.key].type
        until = time.monotonic() + PASSING_SECONDS
        while kind is not EntityType.USER and await store.is_awaited(self._db, kind, record_ids):
            if time.monotonic() > until:
                raise TransientError.unsent("an older change is still on its way")
            await asyncio.sleep(LOOK_SECONDS)

    async def _seen_schema(self) -> Schema | None:
        """The same for reading: while Postgres is away, what was seen before, if anything was."""
        try:
            return await self.schema()
        except (DatabaseUnavailableError, asyncpg.PostgresError):
            return self._schema[0] if self._schema else None

    async def _scanned(self, table: Table, key: str) -> list[RemoteRecord]:
        version_key = f"scan:version:{self.gateway.table_id(table)}"
        version = await self._cache.get(version_key)
        found = await self.gateway.listing(table, self._lane, fields=await self._keys(table))
        if self._cache.client is not None:
            raw = msgspec.json.encode(found)
            fill = self._cache.client.eval(
                FILL, 2, key, version_key, raw, SCAN_SECONDS, version or b""
            )
            await self._cache.attempt(fill, None)
        return found

    async def _upsert(
        self, table: Table, merge_on: str, cells: Sequence[Mapping[str, object]]
    ) -> list[RemoteRecord]:
        try:
            return await self.gateway.upsert(table, merge_on, cells, self._lane)
        except RefusedError as error:
            if error.kind != UNKNOWN_OPTION:
                raise
        made: list[RemoteRecord] = []
        for one in cells:
            rest, selects = _selects_apart(table, one)
            [record] = await self.gateway.upsert(table, merge_on, [rest], self._lane)
            made += await self._typecast(table, record.id, selects)
        return made

    async def _update(self, table: Table, update: Update) -> list[RemoteRecord]:
        try:
            return await self.gateway.update(table, [update], self._lane)
        except RefusedError as error:
            if error.kind != UNKNOWN_OPTION:
                raise
        rest, selects = _selects_apart(table, update.fields)
        await self.gateway.update(table, [Update(update.id, rest)], self._lane)
        return await self._typecast(table, update.id, selects)

    async def _typecast(
        self, table: Table, record_id: str, selects: Mapping[str, object]
    ) -> list[RemoteRecord]:
        """Write selects that are ours alone, so that a missing option is added (sync 11.5)."""
        update = Update(record_id, selects)
        return await self.gateway.update(table, [update], self._lane, typecast=True)

    async def _keys(self, table: Table) -> list[str] | None:
        """Every mapped field and App ID; None = all fields, while nobody knows where that is."""
        schema = await self._seen_schema()
        if schema is None:
            return None
        app_id = schema.app_id(table)
        return [field.key for field in table.fields] + ([app_id] if app_id else [])

    async def _records(self, table: Table, found: Sequence[RemoteRecord]) -> list[Record]:
        schema = await self._seen_schema()
        app_id = schema.app_id(table) if schema else None
        return [Record(table, record, app_id) for record in found]


def _selects_apart(
    table: Table, cells: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Everything else, and the selects whose options are ours to add."""
    keys = {field.key for field in table.fields if field.typecast}
    return (
        {key: value for key, value in cells.items() if key not in keys},
        {key: value for key, value in cells.items() if key in keys},
    )
