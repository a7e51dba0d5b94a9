"""Work that runs in one process at a time, held by a Postgres session lock (M7)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zlib import crc32

from api._lib.db import Database

LOOK_SECONDS = 0.5


@asynccontextmanager
async def exclusive(db: Database, name: str, patience: float = 0.0) -> AsyncIterator[bool]:
    """Hold a name while the block runs; False when somebody else has it after the patience.

    A dedicated connection holds it, so a process that dies gives it back.
    """
    key = crc32(f"mfa:{name}".encode())
    until = time.monotonic() + patience
    async with db.connection() as connection:
        held = await connection.fetchval("SELECT pg_try_advisory_lock($1)", key)
        while not held and time.monotonic() < until:
            await asyncio.sleep(min(LOOK_SECONDS, max(0.0, until - time.monotonic())))
            held = await connection.fetchval("SELECT pg_try_advisory_lock($1)", key)
        yield bool(held)
