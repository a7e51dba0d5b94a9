"""What the confirmation of a program brings along."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.outbox import Event
from api._lib.tracking.contracts import NewBeliefs
from api._lib.tracking.rules import MAX_PERSONAL_BELIEFS
from api._lib.tracking.store import personal_beliefs
from api._lib.wire import Key


class NewRows(Struct, frozen=True):
    """Own beliefs of a program as rows."""

    user_id: str
    names: Sequence[str]

    async def store(self, tx: Transaction, program_id: Key) -> list[Event]:
        """Add them up to the limit while the user is held; enqueue the events it returns."""
        ids = await personal_beliefs.add_all(
            tx, self.user_id, program_id, self.names, MAX_PERSONAL_BELIEFS
        )
        kind = EntityType.PERSOONLIJKE_OVERTUIGING
        return [Event(entity_type=kind, entity_id=id, user_id=self.user_id) for id in ids]


@asynccontextmanager
async def own_beliefs(
    ctx: Context, user: User, program_id: UUID, names: Sequence[str]
) -> AsyncIterator[NewBeliefs | None]:
    """Beliefs that are rows, stored in the transaction of their program."""
    yield NewRows(user.id, names) if names else None
