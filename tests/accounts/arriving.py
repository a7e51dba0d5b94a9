"""Taking records of people over, and looking at what became of them."""

from datetime import timedelta

from api._lib.accounts.provisioning import Arrival, Reading, apply_airtable_users
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.airtable.gateway import RemoteRecord
from api._lib.db import Database, Record
from tests.accounts.records import READ_AT, reading

NOW = READ_AT + timedelta(minutes=1)
LATER = reading(started_at=READ_AT + timedelta(minutes=2))


async def apply(db: Database, *records: RemoteRecord, at: Reading | None = None) -> list[Arrival]:
    """Take records over, as polls, webhooks and read-through do."""
    async with db.transaction() as tx:
        return await apply_airtable_users(tx, records, at or reading(), NOW)


async def verdicts(
    db: Database, *records: RemoteRecord, at: Reading | None = None
) -> list[Verdict]:
    """Take records over; what was done with each."""
    return [arrival.verdict for arrival in await apply(db, *records, at=at)]


async def row(db: Database, user_id: str) -> Record:
    """Somebody as they are stored."""
    found = await db.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
    assert found is not None
    return found


async def live_sessions(db: Database, user_id: str) -> int:
    """How many sessions of somebody are open."""
    sql = "SELECT count(*) FROM auth_sessions WHERE user_id = $1 AND revoked_at IS NULL"
    return int(await db.fetchval(sql, user_id))
