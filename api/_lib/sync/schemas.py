"""The schema of the base as the sending half knows it."""

import asyncio
import time
from contextlib import suppress

from api._lib.airtable.errors import AirtableError, ConfigurationError, NotSentError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.mapping import WRITABLE_TABLES
from api._lib.airtable.schema import Schema, check_schema, known_schema
from api._lib.db import Database

FRESH_SECONDS = 10.0
REFUSED_SECONDS = 60.0
"""How long a base that the settings do not open is left alone (sync 11.8)."""


class SchemaBook:
    """Reads the last check of any process; makes a new one when a write was refused."""

    def __init__(self, db: Database, gateway: Gateway) -> None:
        self._db = db
        self._gateway = gateway
        self._checked = 0.0
        self._refusal: tuple[str, float] | None = None
        self._looking = asyncio.Lock()
        self.schema = Schema()

    async def load(self) -> Schema:
        """The stored schema, or a first look at the base; raises AirtableError."""
        self.schema = await known_schema(self._db) or await self._known_soon()
        return self.schema

    async def check(self) -> Schema:
        """Look at the base now and let go what waited for an App ID field."""
        async with self._looking:
            return await self._look()

    async def look_once(self) -> Schema:
        """Look at the base, unless this process just did."""
        async with self._looking:
            if time.monotonic() - self._checked > FRESH_SECONDS:
                await self._look()
        return self.schema

    async def _known_soon(self) -> Schema:
        """What a look that is on its way finds, else a look of our own."""
        async with self._looking:
            return await known_schema(self._db) or await self._look_unless_refused()

    async def _look_unless_refused(self) -> Schema:
        text, until = self._refusal or ("", 0.0)
        if (left := until - time.monotonic()) > 0:
            raise NotSentError(text, left)
        try:
            return await self._look()
        except ConfigurationError as error:
            self._refusal = (str(error), time.monotonic() + REFUSED_SECONDS)
            raise

    async def _look(self) -> Schema:
        self.schema = await check_schema(self._gateway, self._db)
        self._checked = time.monotonic()
        ready = [
            f"table:{self._gateway.table_id(table)}"
            for table in WRITABLE_TABLES
            if self.schema.app_id(table)
        ]
        await self._db.execute(RELEASE, ready)
        return self.schema

    async def refresh(self, is_needed: bool = False) -> None:
        """Look again if Airtable can be asked; without need only if nobody just did."""
        with suppress(AirtableError):
            await (self.check() if is_needed else self.look_once())


RELEASE = """
UPDATE outbox_events SET parked_on = NULL, next_attempt_at = now()
WHERE id IN (
    SELECT id FROM outbox_events WHERE parked_on = ANY($1::text[]) AND status = 'pending'
    FOR UPDATE SKIP LOCKED)"""
