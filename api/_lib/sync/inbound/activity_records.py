"""The records of one kind of activity, and which rows of ours they carry."""

from collections.abc import Sequence
from uuid import UUID

from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.model import Table
from api._lib.airtable.schema import Schema, check_schema, known_schema
from api._lib.context import Context
from api._lib.sync.inbound.activity_model import Activity
from api._lib.wire import as_uuid


async def read_activity(
    ctx: Context, activity: Activity, lane: Lane = Lane.INBOUND
) -> tuple[list[RemoteRecord], dict[str, UUID]]:
    """All records of a kind, oldest first, with the ids of ours they carry."""
    table = activity.entity.table
    schema = await known_schema(ctx.db) or await check_schema(ctx.airtable, ctx.db, lane)
    records = await ctx.airtable.listing(table, lane, fields=keys_of(table, schema))
    return oldest_first(records), app_ids_of(activity, records, schema)


def app_ids_of(
    activity: Activity, records: Sequence[RemoteRecord], schema: Schema
) -> dict[str, UUID]:
    """The id of ours in each record that carries one."""
    return app_ids_of_table(activity.entity.table, records, schema)


def app_ids_of_table(
    table: Table, records: Sequence[RemoteRecord], schema: Schema
) -> dict[str, UUID]:
    """The id of ours in each record of a table.

    Where only the name of the field is known, it is the one field the mapping does not know.
    """
    key = schema.app_id(table)
    mapped = {field.key for field in table.fields}
    found = {}
    for record in records:
        named = [key] if key and key != APP_ID else record.fields.keys() - mapped
        texts = (record.fields.get(name) for name in named)
        ids = [uuid for text in texts if isinstance(text, str) and (uuid := as_uuid(text.strip()))]
        if ids:
            found[record.id] = ids[0]
    return found


def keys_of(table: Table, schema: Schema) -> list[str]:
    """Every mapped field, and the one that holds our id."""
    app_id = schema.app_id(table)
    return [field.key for field in table.fields] + ([app_id] if app_id else [])


def oldest_first(records: Sequence[RemoteRecord]) -> list[RemoteRecord]:
    """Records in the order they were made."""
    return sorted(records, key=lambda record: (record.created_time, record.id))
