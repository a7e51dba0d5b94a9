"""People from Airtable: one set of rules for polls, webhooks and read-through."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api._lib.accounts.provisioning import Arrival, Reading, apply_airtable_users, rivals_of
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.airtable.gateway import RemoteRecord
from api._lib.clock import ManualClock
from api._lib.db import Database, Record
from api._lib.settings import Settings
from tests.accounts.records import READ_AT, person_record, reading
from tests.people import PASSWORD_HASH, add_person

NOW = READ_AT + timedelta(minutes=1)


async def apply(db: Database, *records: RemoteRecord, at: Reading | None = None) -> list[Arrival]:
    async with db.transaction() as tx:
        return await apply_airtable_users(tx, records, at or reading(), NOW)


async def verdicts(
    db: Database, *records: RemoteRecord, at: Reading | None = None
) -> list[Verdict]:
    return [arrival.verdict for arrival in await apply(db, *records, at=at)]


async def row(db: Database, user_id: str) -> Record:
    found = await db.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
    assert found is not None
    return found


async def test_a_new_person_is_stored_with_everything_airtable_knows(db: Database) -> None:
    await db.execute("INSERT INTO companies (id, name) VALUES ('recCOMP0000000001', 'Voorbeeld')")
    record = person_record(
        email=" An@Voorbeeld.TEST ",
        passwordHash=PASSWORD_HASH,
        role="Deelnemer",
        languageCode="FR-be",
        lastLogin="2026-02-01",
        createdAt="2026-01-04T08:00:00.000Z",
        company=["recCOMP0000000001", "recUNKNOWN0000001"],
        bonusPoints=26,
        level=2,
        currentStreak=4,
        longestStreak=9,
        badges='["eerste_sessie","op_dreef"]',
    )
    assert await verdicts(db, record) == [Verdict.CREATED]
    stored = await row(db, record.id)
    assert (stored["email"], stored["name"]) == ("an@voorbeeld.test", "An Voorbeeld")
    assert (stored["language_code"], stored["status"]) == ("fr", "active")
    assert stored["password_hash"] == PASSWORD_HASH
    assert stored["last_login_on"] == date(2026, 2, 1)
    assert stored["airtable_created_at"] == datetime(2026, 1, 4, 8, tzinfo=UTC)
    companies = await db.fetch("SELECT company_id FROM user_companies")
    assert [company[0] for company in companies] == ["recCOMP0000000001"]
    rewards = await db.fetchrow("SELECT * FROM user_rewards WHERE user_id = $1", record.id)
    assert rewards is not None
    assert (rewards["bonus_points"], rewards["longest_streak"], rewards["level"]) == (26, 9, 2)
    ledger = await db.fetch("SELECT kind, ref, points, announced_at FROM reward_ledger ORDER BY id")
    assert [tuple(entry)[:3] for entry in ledger] == [
        ("opening_balance", "airtable", 26),
        ("level", "2", 0),
        ("badge", "eerste_sessie", 0),
        ("badge", "op_dreef", 0),
    ]
    assert all(entry["announced_at"] for entry in ledger)
    assert await verdicts(db, record) == [Verdict.UNCHANGED]
