"""People from Airtable: one set of rules for polls, webhooks and read-through."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from api._lib.accounts.rules.arrivals import Verdict
from api._lib.db import Database
from api._lib.settings import Settings
from tests.accounts.arriving import LATER, apply, row, verdicts
from tests.accounts.records import READ_AT, person_record
from tests.people import PASSWORD_HASH, Person, record_id


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


async def test_a_person_we_know_keeps_what_is_ours(db: Database, person: Person) -> None:
    await db.execute(
        "UPDATE users SET last_login_on = '2026-03-01', password_hash = 'ours' WHERE id = $1",
        person.id,
    )
    await db.execute("UPDATE user_rewards SET bonus_points = 75, level = 3")
    record = person_record(
        person.id,
        "An.Nieuw@voorbeeld.test",
        name="An Nieuw",
        role="admin",
        languageCode="en",
        passwordHash=PASSWORD_HASH,
        lastLogin="2025-01-01",
        bonusPoints=1,
        level=1,
    )
    assert await verdicts(db, record) == [Verdict.UPDATED]
    stored = await row(db, person.id)
    theirs = (stored["email"], stored["name"], stored["role"], stored["language_code"])
    assert theirs == ("an.nieuw@voorbeeld.test", "An Nieuw", "admin", "en")
    assert (stored["password_hash"], stored["last_login_on"]) == ("ours", date(2026, 3, 1))
    rewards = await db.fetchrow("SELECT bonus_points, level FROM user_rewards")
    assert rewards is not None
    assert tuple(rewards) == (75, 3)


@pytest.mark.parametrize("email", [None, "", "no address", "a..b@x.be"])
async def test_F_A2_a_record_without_a_real_address_is_never_stored(
    db: Database, person: Person, email: str | None
) -> None:
    known = person_record(person.id, email, name="", status="Geen toegang")
    assert await verdicts(db, known, person_record(email=email)) == [Verdict.NO_EMAIL] * 2
    stored = await row(db, person.id)
    assert (stored["email"], stored["name"]) == (person.email, "An Voorbeeld")
    assert await db.fetchval("SELECT count(*) FROM users") == 1


async def test_F_A8_a_tombstoned_record_is_not_taken_over(db: Database) -> None:
    record = person_record()
    await db.execute(
        "INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason)"
        " VALUES ('user', $1, 'erasure')",
        record.id,
    )
    anew = person_record(email=record.fields["fldybwT82FkYEDN2j"])
    assert await verdicts(db, record) == [Verdict.TOMBSTONED]
    assert await verdicts(db, anew) == [Verdict.CREATED]


async def test_a_reading_older_than_our_last_write_is_not_believed(
    db: Database, person: Person
) -> None:
    await db.execute("UPDATE airtable_links SET pushed_at = $1", READ_AT)
    assert await verdicts(db, person_record(person.id, name="Oud")) == [Verdict.STALE]
    assert await verdicts(db, person_record(person.id, name="Nieuw"), at=LATER) == [Verdict.UPDATED]


async def test_companies_are_kept_in_the_order_of_airtable(db: Database, person: Person) -> None:
    ids = [record_id("COMP") for _ in range(3)]
    await db.executemany("INSERT INTO companies (id, name) VALUES ($1, $2)", [(i, i) for i in ids])
    stored = "SELECT company_id FROM user_companies WHERE user_id = $1 ORDER BY position"

    async def companies(*wanted: str) -> Sequence[str]:
        await apply(db, person_record(person.id, company=list(wanted)))
        return [found["company_id"] for found in await db.fetch(stored, person.id)]

    other = person_record(email="bo@voorbeeld.test", company=ids[:1])
    await apply(db, other)
    assert await companies(ids[2], ids[0], ids[1]) == [ids[2], ids[0], ids[1]]
    assert await companies(ids[1], ids[2]) == [ids[1], ids[2]]
    assert await companies() == []
    assert [found["company_id"] for found in await db.fetch(stored, other.id)] == ids[:1]


async def test_an_unchanged_record_writes_nothing(
    db: Database, person: Person, settings: Settings
) -> None:
    record = person_record(person.id, role="Deelnemer", languageCode="nl")
    await apply(db, record)
    seen: list[str] = []
    db.observe(seen.append)
    assert await verdicts(db, record) == [Verdict.UNCHANGED]
    assert not [sql for sql in seen if sql.lstrip().startswith(("INSERT", "UPDATE"))]


async def test_people_come_in_by_hundreds_in_few_statements(db: Database) -> None:
    people = [person_record(email=f"p{n}@voorbeeld.test", bonusPoints=n) for n in range(500)]
    seen: list[str] = []
    db.observe(seen.append)
    assert set(await verdicts(db, *people)) == {Verdict.CREATED}
    assert len(seen) <= 12
    assert await db.fetchval("SELECT sum(bonus_points) FROM user_rewards") == 499 * 250
