"""A migrated database with a row in every table."""

from pathlib import Path

import asyncpg
import pytest

from api._lib.db import Database

SAMPLE = Path(__file__).with_name("sample.sql").read_text("utf-8")


@pytest.fixture
async def filled(db: Database) -> Database:
    """The database of the test, filled with the sample."""
    await db.execute(SAMPLE)
    return db


async def refused(db: Database, statement: str) -> bool:
    """Whether a CHECK refuses a statement."""
    try:
        await db.execute(statement)
    except asyncpg.CheckViolationError:
        return True
    return False
