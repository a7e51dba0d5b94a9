"""What a request needs of the synchronisation, which stands on a floor above."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import Gateway, RemoteRecord
from api._lib.db import Database, Transaction
from api._lib.settings import Settings


class Bridge(Protocol):
    """Leads from records that Airtable owns to the rows that mirror them, and the other way."""

    async def take(
        self,
        tx: Transaction,
        kind: EntityType,
        records: Sequence[RemoteRecord],
        *,
        made_at: datetime | None = None,
    ) -> None:
        """Let the rows be as these records are.

        `made_at`: when the caller made them; what they earn is then counted by the caller.
        """

    async def adopt(self, kind: EntityType, records: Sequence[RemoteRecord]) -> None:
        """Store records that have no row yet; rows that exist stay as they are."""

    async def forget(self, tx: Transaction, kind: EntityType, record_ids: Sequence[str]) -> None:
        """Let the rows of records go that were deleted on purpose."""

    async def deliver(self, kind: EntityType, entity_id: str) -> str | None:
        """Send what waits of one row at once; its record id, None when that takes too long."""


BridgeBuilder = Callable[[Settings, Database, Gateway], Bridge]
