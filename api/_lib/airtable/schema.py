"""What the base really looks like: which fields exist, which can be written, where App ID is."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from api._lib.airtable import store
from api._lib.airtable.errors import ConfigurationError, RefusedError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID, TABLES, WRITABLE_TABLES
from api._lib.airtable.model import Field, Table
from api._lib.db import Queries

log = logging.getLogger(__name__)

COMPUTED = frozenset(
    {
        "formula",
        "rollup",
        "count",
        "lookup",
        "multipleLookupValues",
        "autoNumber",
        "createdTime",
        "createdBy",
        "lastModifiedTime",
        "lastModifiedBy",
        "button",
        "aiText",
        "externalSyncSource",
    }
)
UNKNOWN_FIELD = "UNKNOWN_FIELD_NAME"


class TableSchema(Struct, frozen=True):
    """What is known of one writable table."""

    app_id: str | None
    """Key of the App ID field; None when the table lacks it."""
    writable: tuple[str, ...]
    """Names of the mapped fields that accept values."""


class Schema(Struct, frozen=True):
    """What is known of the writable tables, by logical name."""

    tables: Mapping[str, TableSchema] = field(default_factory=dict)

    def app_id(self, table: Table) -> str | None:
        """Key of the App ID field of a table."""
        known = self.tables.get(table.key)
        return known.app_id if known else None

    def can_write(self, table: Table, column: Field) -> bool:
        """Whether a field accepts values."""
        known = self.tables.get(table.key)
        return known is not None and column.name in known.writable

    @property
    def tables_without_app_id(self) -> list[str]:
        """Tables in which nothing can be created."""
        return sorted(key for key, table in self.tables.items() if table.app_id is None)

    @property
    def unwritable(self) -> dict[str, list[str]]:
        """Fields that are ours to write but do not exist or are computed, by table."""
        return {
            key: missing
            for key, known in sorted(self.tables.items())
            if (missing := [c.name for c in _expected(TABLES[key]) if c.name not in known.writable])
        }


async def known_schema(q: Queries) -> Schema | None:
    """The result of the last check, whoever made it."""
    counts = await store.base_check(q)
    return msgspec.convert(counts["schema"], Schema) if counts and "schema" in counts else None


async def check_schema(gateway: Gateway, q: Queries, lane: Lane = Lane.OUTBOX) -> Schema:
    """Look at the base, store and report what was found; raises AirtableError."""
    before = await known_schema(q)
    try:
        schema = _from_metadata(await gateway.schema(lane), gateway)
    except ConfigurationError as error:
        if error.status == 401:
            raise
        schema = await _from_listings(gateway, lane)
    await store.note_base_check(
        q,
        {
            "schema": msgspec.to_builtins(schema),
            "tablesWithoutAppId": schema.tables_without_app_id,
            "unwritable": schema.unwritable,
        },
    )
    if schema != before:
        _report(schema)
    return schema


def _expected(table: Table) -> list[Field]:
    """Fields that should accept values; those of doubtful nature are not missed."""
    owned = [*(column for column in table.fields if column.owner.ours)]
    return [column for column in owned if not column.computed]


def _from_metadata(raw: Iterable[Mapping[str, Any]], gateway: Gateway) -> Schema:
    by_id = {table["id"]: table for table in raw}
    return Schema(
        {
            table.key: _table_schema(table, by_id.get(gateway.table_id(table), {}))
            for table in WRITABLE_TABLES
        }
    )


def _table_schema(table: Table, raw: Mapping[str, Any]) -> TableSchema:
    fields: Sequence[Mapping[str, str]] = raw.get("fields", ())
    plain = {item["id"] for item in fields if item["type"] not in COMPUTED}
    texts = [item["id"] for item in fields if item["name"] == APP_ID and _is_text(item)]
    writable = tuple(column.name for column in table.fields if column.id in plain)
    return TableSchema(texts[0] if texts else None, writable)


def _is_text(raw: Mapping[str, str]) -> bool:
    return raw["type"] in ("singleLineText", "multilineText")


async def _from_listings(gateway: Gateway, lane: Lane) -> Schema:
    """Without the right to see the schema: ask each table for one record with the mapped fields."""
    return Schema({table.key: await _probed(gateway, table, lane) for table in WRITABLE_TABLES})


async def _probed(gateway: Gateway, table: Table, lane: Lane) -> TableSchema:
    columns = [column for column in table.fields if not column.computed]
    keys = {column.key: column.name for column in columns}
    found = await _existing(gateway, table, [*keys, APP_ID], lane)
    writable = tuple(keys[key] for key in found if key in keys)
    return TableSchema(APP_ID if APP_ID in found else None, writable)


async def _existing(gateway: Gateway, table: Table, keys: list[str], lane: Lane) -> list[str]:
    """Those of the keys that the table knows, found by halving."""
    try:
        await gateway.page(table, lane, fields=keys, size=1, most=1)
    except RefusedError as error:
        if error.kind != UNKNOWN_FIELD:
            raise
        if len(keys) == 1:
            return []
        half = len(keys) // 2
        return [
            *await _existing(gateway, table, keys[:half], lane),
            *await _existing(gateway, table, keys[half:], lane),
        ]
    return keys


def _report(schema: Schema) -> None:
    if schema.tables_without_app_id:
        log.error(
            "tables without the App ID field get no new records",
            extra={"tables": schema.tables_without_app_id},
        )
    if schema.unwritable:
        log.error("fields that cannot be written are left out", extra={"fields": schema.unwritable})
