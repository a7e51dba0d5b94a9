"""Waiting until the demo people and their content have come from Airtable."""

import asyncio
import time
from collections.abc import Sequence

import asyncpg

SECONDS = 60.0
ARRIVED = """
    select (select count(*) from users where email = any($1)) = cardinality($1)
        and exists (select from habits)
"""


def arrived(database_url: str, emails: Sequence[str]) -> bool:
    """Whether these people can log in and have habits to tick."""
    return bool(asyncio.run(_ask(database_url, emails)))


def wait(database_url: str, emails: Sequence[str], seconds: float = SECONDS) -> bool:
    """Wait for them, but not for ever; whether they are there."""
    deadline = time.monotonic() + seconds
    while not arrived(database_url, emails):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


async def _ask(database_url: str, emails: Sequence[str]) -> bool:
    connection = await asyncpg.connect(database_url, timeout=5)
    try:
        return bool(await connection.fetchval(ARRIVED, list(emails)))
    finally:
        await connection.close()
