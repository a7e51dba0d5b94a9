"""An automation of Airtable tells that a person was made, changed or deleted."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from api._lib.context import Context
from api._lib.errors import Kind
from api._lib.guard import only_where, secret
from api._lib.settings import Settings
from api._lib.sync.inbound import events
from api._lib.wire import Body, Wire, present

Id = Annotated[str, Meta(max_length=200)]


class News(Body):
    record_id: Id | None = None
    record_id_too: Id | None = field(name="record_id", default=None)
    event_id: Id | None = None
    event_id_too: Id | None = field(name="event_id", default=None)
    event_type: Id | None = None
    occurred_at: Id | None = None


class Told(Wire):
    event_id: str
    status: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    deduplicated: bool | UnsetType = UNSET


def is_on(settings: Settings) -> bool:
    """Whether this way in is switched on."""
    return settings.user_webhook_sync_enabled


@secret("AIRTABLE_USER_SYNC_SECRET")
@only_where(is_on, "unavailable", Kind.UNAVAILABLE)
async def post(ctx: Context, body: News) -> Told:
    """Take over the record as it stands in Airtable; the body is trusted for its id only."""
    await events.limit(ctx)
    events.check_age(ctx, body.occurred_at)
    user_id = events.record_id(body.record_id, body.record_id_too)
    event_id = body.event_id or body.event_id_too
    told = await events.person_told(ctx, event_id, user_id)
    if told.is_repeated:
        return Told(told.event_id, deduplicated=True)
    return Told(told.event_id, present(told.status), present(told.reason))
