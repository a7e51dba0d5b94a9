"""Events that could not be delivered to Airtable, for operators."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.airtable.entities import EntityType
from api._lib.context import Context
from api._lib.guard import secret
from api._lib.sync import letters
from api._lib.sync.rules import ErrorClass
from api._lib.wire import Body, Wire, given, moment


class Question(Body):
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    entity_type: EntityType | UnsetType = UNSET
    error_class: ErrorClass | UnsetType = UNSET
    include_resolved: bool = False


class DeadLetter(Wire):
    id: int
    outbox_id: int | None
    event_type: str
    entity_type: str
    entity_id: str
    error_class: str
    http_status: int | None
    error: str
    attempts: int
    failed_at: str
    replay_count: int
    resolved_at: str | None
    resolution: str | None


@secret("AIRTABLE_INBOUND_SYNC_SECRET")
async def get(ctx: Context, query: Question) -> list[DeadLetter]:
    """Dead letters, newest first, without their contents."""
    search = letters.Search(
        given(query.entity_type), given(query.error_class), None, query.include_resolved
    )
    return [_shown(letter) for letter in await letters.find_letters(ctx.db, search, query.limit)]


def _shown(letter: letters.Letter) -> DeadLetter:
    return DeadLetter(
        id=letter.id,
        outbox_id=letter.outbox_id,
        event_type=letter.operation,
        entity_type=letter.entity_type,
        entity_id=letter.entity_id,
        error_class=letter.error_class,
        http_status=letter.http_status,
        error=letter.error_message,
        attempts=letter.attempts,
        failed_at=moment(letter.created_at),
        replay_count=letter.replay_count,
        resolved_at=moment(letter.resolved_at) if letter.resolved_at else None,
        resolution=letter.resolution,
    )
