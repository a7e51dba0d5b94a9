"""What all recordings share: the window of days, and their outbox event."""

from datetime import date

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.errors import bad_request
from api._lib.outbox import Event
from api._lib.tracking.rules import is_recordable
from api._lib.wire import Key


def check_day(ctx: Context, day: date) -> None:
    """Refuse days an activity cannot be recorded for; raises a 400."""
    if not is_recordable(day, ctx.now.date()):
        raise bad_request("date_outside_window", field="date")


def request_key(ctx: Context) -> str | None:
    """The `Idempotency-Key` of the request: 1 to 100 characters; raises a 400."""
    key = ctx.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= 100:
        raise bad_request("field_invalid", field="Idempotency-Key")
    return key


def named(name: str) -> str:
    """A name without blanks around it; raises a 400 when nothing is left."""
    if not name.strip():
        raise bad_request("field_required", field="name")
    return name.strip()


def upserted(kind: EntityType, entity_id: Key, user: User) -> Event:
    """Airtable must learn of a record that was made or changed."""
    return Event(entity_type=kind, entity_id=entity_id, user_id=user.id)


def deleted(kind: EntityType, entity_id: Key, user: User) -> Event:
    """Airtable must remove a record."""
    return Event(entity_type=kind, entity_id=entity_id, user_id=user.id, operation="delete")
