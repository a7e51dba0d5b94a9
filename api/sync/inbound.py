"""The older way to tell that people changed in Airtable, one or many."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, field

from api._lib.context import Context
from api._lib.errors import bad_request
from api._lib.guard import secret
from api._lib.sync.inbound import events
from api._lib.wire import Body, Wire

Id = Annotated[str, Meta(max_length=200)]


class News(Body):
    table: str
    event_id: Id | None = None
    event_id_too: Id | None = field(name="event_id", default=None)
    record_id: Id | None = None
    record_id_too: Id | None = field(name="record_id", default=None)
    occurred_at: Id | None = None
    records: Annotated[list[dict[str, Any]], Meta(max_length=100)] | None = None


class Told(Wire):
    event_id: str
    synced: int | UnsetType = UNSET
    deduplicated: bool | UnsetType = UNSET


@secret("AIRTABLE_INBOUND_SYNC_SECRET")
async def post(ctx: Context, body: News) -> Told:
    """Take over the named people as they stand in Airtable."""
    await events.limit(ctx)
    events.check_age(ctx, body.occurred_at)
    if body.table != "users":
        raise bad_request("unknown_table", table=body.table[:64])
    event_id = body.event_id or body.event_id_too
    taken = await events.people_told(ctx, event_id, _records(body))
    if taken.is_repeated:
        return Told(taken.event_id, deduplicated=True)
    return Told(taken.event_id, taken.synced)


def _records(body: News) -> list[tuple[str, dict[str, Any]]]:
    if body.records is None:
        return [(events.record_id(body.record_id, body.record_id_too), {})]
    return [(events.record_id(_text(item.get("id"))), _values(item)) for item in body.records]


def _values(item: dict[str, Any]) -> dict[str, Any]:
    fields = item.get("fields")
    return fields if isinstance(fields, dict) else item


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
