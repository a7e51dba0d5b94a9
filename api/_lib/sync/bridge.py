"""What requests need of the synchronisation while an entity lives in Airtable."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import structs

from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import Gateway, RemoteRecord
from api._lib.airtable.schema import Schema, known_schema
from api._lib.db import Database, Transaction
from api._lib.settings import Settings
from api._lib.sync.inbound.activity import ACTIVITIES
from api._lib.sync.inbound.activity_apply import Batch, apply_activity
from api._lib.sync.inbound.activity_records import app_ids_of
from api._lib.sync.inbound.activity_removal import remove_records
from api._lib.sync.pushing import Pusher

log = logging.getLogger(__name__)


class SyncBridge:
    """Stores records as the imports do and sends rows as the workers do, at once."""

    def __init__(self, settings: Settings, db: Database, gateway: Gateway) -> None:
        self._db = db
        self._gateway = gateway
        self._pusher = Pusher(settings, db, gateway)

    async def take(
        self,
        tx: Transaction,
        kind: EntityType,
        records: Sequence[RemoteRecord],
        *,
        made_at: datetime | None = None,
    ) -> None:
        """Let the rows be as these records are; what cannot be stored raises."""
        schema = await known_schema(tx) or Schema()
        batch = self._batch(kind, records, schema, is_owner=True)
        batch = structs.replace(batch, is_written=True, made_at=made_at)
        applied = await apply_activity(tx, ACTIVITIES[kind], batch)
        for record_id, problems in applied.problems.items():
            facts = {"entityType": kind, "record": record_id, "problems": problems}
            log.warning("a record could not be taken whole", extra=facts)

    async def adopt(self, kind: EntityType, records: Sequence[RemoteRecord]) -> None:
        """Store records that have no row yet; rows that exist stay as they are."""
        schema = await known_schema(self._db) or Schema()
        batch = self._batch(kind, records, schema, is_owner=False)
        await self._db.run(lambda tx: apply_activity(tx, ACTIVITIES[kind], batch))

    async def forget(self, tx: Transaction, kind: EntityType, record_ids: Sequence[str]) -> None:
        """Let the rows of records go that were deleted on purpose."""
        await remove_records(tx, ACTIVITIES[kind], record_ids, on_purpose=True)

    async def deliver(self, kind: EntityType, entity_id: str) -> str | None:
        """Send what waits of one row at once; its record id, None when that takes too long."""
        return await self._pusher.push(kind, entity_id)

    def _batch(
        self,
        kind: EntityType,
        records: Sequence[RemoteRecord],
        schema: Schema,
        *,
        is_owner: bool,
    ) -> Batch:
        now = datetime.now(UTC)
        activity = ACTIVITIES[kind]
        return Batch(
            records=records,
            app_ids=app_ids_of(activity, records, schema),
            read_at=now,
            today=now.date(),
            table_id=self._gateway.table_id(activity.entity.table),
            overwrites=False,
            is_owner=is_owner,
        )
