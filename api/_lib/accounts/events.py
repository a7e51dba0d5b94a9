"""The outbox event of a person."""

from collections.abc import Sequence

from api._lib.airtable.entities import EntityType
from api._lib.outbox import Event

PRIORITY = 10


def person_event(user_id: str, changed_fields: Sequence[str]) -> Event:
    """These columns of a person changed; their values are read when it is sent."""
    return Event(
        entity_type=EntityType.USER,
        entity_id=user_id,
        user_id=user_id,
        changed_fields=list(changed_fields),
        priority=PRIORITY,
    )
