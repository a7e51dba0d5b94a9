"""Storing what became of a batch, also while Postgres is away for a moment."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import asyncpg

from api._lib.airtable.gateway import Gateway
from api._lib.airtable.schema import Schema
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings
from api._lib.sync import rules
from api._lib.sync.claims import Return, count_attempt, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.items import Action, Item
from api._lib.sync.leases import Leases
from api._lib.sync.results import Delivered, finish, store_delivered, store_removed
from api._lib.sync.rules import ErrorClass

T = TypeVar("T")
log = logging.getLogger(__name__)

STORE_AGAIN_SECONDS = 0.5


class Outcomes:
    """The ends a batch can have; each is stored under the lease of its events."""

    def __init__(self, db: Database, gateway: Gateway, settings: Settings, leases: Leases) -> None:
        self._db = db
        self._gateway = gateway
        self._settings = settings
        self._leases = leases

    async def counted(self, items: Sequence[Item]) -> list[Item]:
        """Count the coming request; returns the items whose lease still holds."""
        events = [item.event for item in items]
        kept = await self._patiently(events[0].token, lambda: count_attempt(self._db, events))
        ids = {event.id for event in kept}
        return [item for item in items if item.event.id in ids]

    async def written(self, items: Sequence[Item], ids: Mapping[int, str], schema: Schema) -> None:
        """Store that records now look as they should, or are gone."""
        token = items[0].event.token
        if items[0].action is Action.DELETE:
            await self.removed(items)
            return
        done = [self._delivered(item, ids[item.event.id], schema) for item in items]
        for taken in await self._patiently(token, lambda: store_delivered(self._db, token, done)):
            item = next(item for item in items if item.event is taken.event)
            message = f"{taken.record_id} already belongs to another row"
            await self.bury(item, ErrorClass.PERMANENT, message)

    async def removed(self, items: Sequence[Item]) -> None:
        """Store that records are confirmed gone."""
        records = {item.event.id: (item.event, item.record_ids) for item in items}
        token = items[0].event.token
        await self._patiently(token, lambda: store_removed(self._db, token, records))

    async def done(self, item: Item, status: str, note: str | None = None) -> None:
        """End an event without a record."""
        token = item.event.token
        await self._patiently(token, lambda: finish(self._db, token, [item.event], status, note))

    async def bury(
        self, item: Item, kind: ErrorClass, message: str, status: int | None = None
    ) -> None:
        """End an event as a dead letter."""
        token, event_id = item.event.token, item.event.id
        unclear = kind is ErrorClass.AMBIGUOUS
        quiet = float(self._settings.sync_ambiguous_seconds) if unclear else 0.0
        await self._patiently(
            token, lambda: bury(self._db, token, event_id, kind, message, status, quiet)
        )
        log.error("dead letter", extra=facts_of(item) | {"errorClass": kind})

    async def retry(
        self, items: Sequence[Item], kind: ErrorClass, message: str, status: int | None = None
    ) -> None:
        """Let events wait for their next try, or bury those that had the last one."""
        most, base = self._settings.sync_max_retries, self._settings.sync_retry_base_seconds
        returns = []
        for item in items:
            if rules.is_final(item.event.attempts, most):
                await self.bury(item, kind, message, status)
                continue
            wait = rules.backoff(item.event.attempts, base, random.random())
            if kind is ErrorClass.AMBIGUOUS:
                wait = max(wait, self._settings.sync_ambiguous_seconds)
            returns.append(Return(id=item.event.id, wait=wait, error_class=kind, error=message))
        token = items[0].event.token
        await self._patiently(token, lambda: give_back(self._db, token, returns))

    async def uncharged(
        self,
        items: Sequence[Item],
        kind: ErrorClass | None,
        message: str,
        wait: float = 0.0,
    ) -> None:
        """Let events wait without counting the try."""
        token = items[0].event.token
        returns = [
            Return(
                id=item.event.id,
                wait=wait,
                uncharged=item.event.counted,
                error_class=kind,
                error=message,
            )
            for item in items
        ]
        await self._patiently(token, lambda: give_back(self._db, token, returns))

    def _delivered(self, item: Item, record_id: str, schema: Schema) -> Delivered:
        table_id = self._gateway.table_id(item.entity.table)
        return Delivered(
            event=item.event,
            record_id=record_id,
            table_id=table_id,
            fingerprint=item.fingerprint(table_id, record_id, schema, self._settings),
            is_new=item.record_id is None,
            skipped=item.skipped,
        )

    async def _patiently(self, token: UUID, store: Callable[[], Awaitable[T]]) -> T:
        """Store a result; while Postgres is away, try again for as long as the lease lasts.

        A deadlock, such as with somebody who deletes the same records, is no answer either.
        """
        while True:
            try:
                return await store()
            except (DatabaseUnavailableError, asyncpg.DeadlockDetectedError):
                if time.monotonic() > self._leases.not_after(token):
                    raise
                await asyncio.sleep(STORE_AGAIN_SECONDS)


def facts_of(item: Item) -> dict[str, object]:
    """What a log line tells about an item: no values, no names."""
    event = item.event
    return {
        "eventId": event.id,
        "entityType": event.entity_type,
        "entityId": event.entity_id,
        "attempt": event.attempts,
    }
