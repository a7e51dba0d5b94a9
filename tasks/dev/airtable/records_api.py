"""The records API: list, read, create, change, merge and delete."""

from typing import Any

import msgspec

from tasks.dev.airtable.base import Base
from tasks.dev.airtable.call import Call
from tasks.dev.airtable.listing import ListQuery, list_page
from tasks.dev.airtable.reading import show
from tasks.dev.airtable.requests import decode, decode_query
from tasks.dev.airtable.schema import Table
from tasks.dev.airtable.writing import (
    Item,
    WriteBody,
    check_batch,
    create,
    delete,
    update,
    update_all,
    upsert,
)

SOURCE = "publicApi"


class GetQuery(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a read of one record may ask."""

    return_fields_by_field_id: bool = False
    cell_format: str = "json"
    time_zone: str | None = None
    user_locale: str | None = None


def list_records(base: Base, call: Call) -> Any:
    """Answer GET on a table."""
    query = decode_query(call.query, ListQuery)
    return list_page(base.state, base.cursors, call.table(base), query)


def list_by_post(base: Base, call: Call) -> Any:
    """Answer POST listRecords, for questions too long for a URL."""
    query = decode(call.body, ListQuery)
    return list_page(base.state, base.cursors, call.table(base), query)


def get_record(base: Base, call: Call) -> Any:
    """Answer GET on a record."""
    query = decode_query(call.query, GetQuery)
    table = call.table(base)
    return _shown(base, table, call.path["record"], query.return_fields_by_field_id)


def create_records(base: Base, call: Call) -> Any:
    """Answer POST on a table, for one record or up to ten."""
    table, body = call.table(base), decode(call.body, WriteBody)
    single = body.records is None
    items = [Item(body.cells())] if single else body.items()
    with base.change(SOURCE) as work:
        ids = [create(work, table, item.fields, body.typecast) for item in items]
    shown = _all_shown(base, table, ids, body)
    return shown[0] if single else {"records": shown}


def update_records(base: Base, call: Call) -> Any:
    """Answer PATCH or PUT on a table, with or without merging."""
    table, body = call.table(base), decode(call.body, WriteBody)
    if body.perform_upsert is not None:
        return _upserted(base, call, table, body)
    with base.change(SOURCE) as work:
        ids = update_all(work, table, body.items(), body.typecast, call.method == "PUT")
    return {"records": _all_shown(base, table, ids, body)}


def update_record(base: Base, call: Call) -> Any:
    """Answer PATCH or PUT on a record."""
    table, body = call.table(base), decode(call.body, WriteBody)
    item = Item(body.cells(), call.path["record"])
    with base.change(SOURCE) as work:
        record_id = update(work, table, item, body.typecast, call.method == "PUT")
    return _shown(base, table, record_id, body.return_fields_by_field_id)


def delete_record(base: Base, call: Call) -> Any:
    """Answer DELETE on a record."""
    with base.change(SOURCE) as work:
        delete(work, call.table(base), [call.path["record"]])
    return {"id": call.path["record"], "deleted": True}


def delete_records(base: Base, call: Call) -> Any:
    """Answer DELETE on a table with `records[]` in the query."""
    ids = [value for key, value in call.query.multi_items() if key in ("records[]", "records")]
    check_batch(len(ids))
    with base.change(SOURCE) as work:
        delete(work, call.table(base), ids)
    return {"records": [{"id": record_id, "deleted": True} for record_id in ids]}


def _upserted(base: Base, call: Call, table: Table, body: WriteBody) -> Any:
    with base.change(SOURCE) as work:
        ids, created = upsert(work, table, body, call.method == "PUT")
    return {
        "records": _all_shown(base, table, ids, body),
        "createdRecords": [record_id for record_id in ids if record_id in created],
        "updatedRecords": [record_id for record_id in ids if record_id not in created],
    }


def _all_shown(base: Base, table: Table, ids: list[str], body: WriteBody) -> list[Any]:
    return [_shown(base, table, record_id, body.return_fields_by_field_id) for record_id in ids]


def _shown(base: Base, table: Table, record_id: str, by_id: bool) -> dict[str, Any]:
    return show(base.state, base.record(table, record_id), by_id, table.fields)
