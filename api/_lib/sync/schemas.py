"""The schema of the base as the sending half knows it."""

import time
from contextlib import suppress

from api._lib.airtable.errors import AirtableError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.mapping import WRITABLE_TABLES
from api._lib.airtable.schema import Schema, check_schema, known_schema
from api._lib.db import Database

FRESH_SECONDS = 10.0


class SchemaBook:
    """Reads the last check of any process; makes a new one when a write was refused."""

    def __init__(self, db: Database, gateway: Gateway) -> None:
        self._db = db
        self._gateway = gateway
        self._checked = 0.0
        self.schema = Schema()

    async def load(self) -> Schema:
        """The stored schema, or a first look at the base; raises AirtableError."""
        self.schema = await known_schema(self._db) or await self.check()
        return self.schema

    async def check(self) -> Schema:
        """Look at the base now and let go what waited for an App ID field."""
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
        if is_needed or time.monotonic() - self._checked > FRESH_SECONDS:
            with suppress(AirtableError):
                await self.check()


RELEASE = """
UPDATE outbox_events SET parked_on = NULL, next_attempt_at = now()
WHERE id IN (
    SELECT id FROM outbox_events WHERE parked_on = ANY($1::text[]) AND status = 'pending'
    FOR UPDATE SKIP LOCKED)"""
