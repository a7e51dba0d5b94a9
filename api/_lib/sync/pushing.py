"""Sending one row at once, because a record that somebody makes now must link to it."""

import asyncio
import logging
import time
from uuid import UUID

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import ENTITIES
from api._lib.backend import is_sent
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync import parents
from api._lib.sync.claims import Claimed, claim_one
from api._lib.sync.delivery import Delivery
from api._lib.sync.desired import Key, load_rows
from api._lib.sync.leases import Leases
from api._lib.sync.preparation import Preparation
from api._lib.sync.schemas import SchemaBook

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
LOOK_SECONDS = 0.05
SENDER = "interactive"


class Pusher:
    """Delivers the waiting event of one row, in the lane of requests."""

    def __init__(self, settings: Settings, db: Database, gateway: Gateway) -> None:
        self._settings = settings
        self._db = db
        self._leases = Leases(settings.sync_lease_seconds)
        self._book = SchemaBook(db, gateway)
        self._preparation = Preparation(db, settings, self._book)
        self._delivery = Delivery(db, gateway, settings, self._leases, self._book, Lane.INTERACTIVE)
        self._running: set[asyncio.Task[None]] = set()

    async def push(self, kind: EntityType, entity_id: str) -> str | None:
        """The record of a row, sent now if need be; None when it is not there in three seconds.

        Where the sending takes longer it goes on by itself.
        """
        found = await self._record((kind, entity_id))
        if found is not None or not is_sent(self._settings, kind):
            return found
        until = time.monotonic() + PATIENCE_SECONDS
        task = asyncio.create_task(self._send((kind, entity_id), until))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        if task.done() and (error := task.exception()):
            log.warning("a parent was not sent", extra={"reason": type(error).__name__})
        return await self._record((kind, entity_id))

    async def _record(self, key: Key) -> str | None:
        return (await parents.known_links(self._db, [key])).get(key)

    async def _send(self, key: Key, until: float) -> None:
        """Parents first; what another process is sending just now is waited for."""
        try:
            await self._book.load()
        except AirtableError:
            return
        row = (await load_rows(self._db, [key])).get(key)
        if row is None:
            return
        for _, parent in parents.parent_keys(ENTITIES[key[0]], row):
            if await self._record(parent) is None:
                await self._send(parent, until)
        async with self._db.transaction() as tx:
            await parents.heal(tx, [key])
        while time.monotonic() < until and await self._record(key) is None:
            event = await claim_one(self._db, key, self._leases.seconds, SENDER)
            if event is None:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                await self._deliver(event)

    async def _deliver(self, event: Claimed) -> None:
        token: UUID = event.token
        self._leases.begin(token, time.monotonic())
        try:
            items, _ = await self._preparation.prepare([event])
            if items:
                await self._delivery.deliver(items)
        finally:
            self._leases.end(token)
