"""What the confirmation of a program brings along."""

from collections.abc import Sequence

from api._lib.airtable.entities import EntityType
from api._lib.db import Transaction
from api._lib.outbox import Event
from api._lib.tracking.rules import MAX_PERSONAL_BELIEFS
from api._lib.tracking.store import personal_beliefs
from api._lib.wire import Key


async def add_personal_beliefs(
    tx: Transaction, user_id: str, program_id: Key, names: Sequence[str]
) -> list[Event]:
    """Add own beliefs up to the limit while holding the user; enqueue the events it returns."""
    ids = await personal_beliefs.add_all(tx, user_id, program_id, names, MAX_PERSONAL_BELIEFS)
    kind = EntityType.PERSOONLIJKE_OVERTUIGING
    return [Event(entity_type=kind, entity_id=id, user_id=user_id) for id in ids]
