"""People from Airtable: one set of rules for polls, webhooks and read-through."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from api._lib.accounts.leaving import mark_people_deleted, note_complete_listing
from api._lib.accounts.provisioning import Arrival, Reading, apply_airtable_users, rivals_of
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.db import Database, Record
from api._lib.outbox import Event, enqueue
from api._lib.settings import Settings
from tests.accounts.records import READ_AT, person_record, reading
from tests.people import PASSWORD_HASH, Person, add_person, record_id

NOW = READ_AT + timedelta(minutes=1)
LATER = reading(started_at=READ_AT + timedelta(minutes=2))


@pytest.fixture
async def person(db: Database, settings: Settings) -> Person:
    """Somebody we know already, with a session."""
    return await add_person(db, settings.jwt_secret, NOW, email="an@voorbeeld.test")


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


async def emails(db: Database, *user_ids: str) -> list[str]:
    return [(await row(db, user_id))["email"] for user_id in user_ids]


async def unsent(db: Database, user_id: str, *fields: str) -> None:
    event = Event(
        entity_type=EntityType.USER, entity_id=user_id, user_id=user_id, changed_fields=fields
    )
    async with db.transaction() as tx:
        await enqueue(tx, [event])


async def live_sessions(db: Database, user_id: str) -> int:
    sql = "SELECT count(*) FROM auth_sessions WHERE user_id = $1 AND revoked_at IS NULL"
    return int(await db.fetchval(sql, user_id))


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


async def test_F_A6_an_unsent_change_of_name_or_language_stands(
    db: Database, person: Person
) -> None:
    await unsent(db, person.id, "language_code")
    record = person_record(person.id, name="Uit Airtable", languageCode="fr")
    await apply(db, record)
    stored = await row(db, person.id)
    assert (stored["name"], stored["language_code"]) == ("Uit Airtable", "nl")
    await db.execute("UPDATE outbox_events SET status = 'processed', processed_at = now()")
    await apply(db, record)
    assert (await row(db, person.id))["language_code"] == "fr"


async def test_a_change_that_died_in_the_outbox_stands_until_it_is_resolved(
    db: Database, person: Person
) -> None:
    await unsent(db, person.id, "name")
    await db.execute("UPDATE outbox_events SET status = 'dead_letter'")
    await db.execute(
        """INSERT INTO outbox_dead_letters
           (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
           SELECT id, entity_type, entity_id, operation, 'permanent', '', 2 FROM outbox_events"""
    )
    record = person_record(person.id, name="Uit Airtable")
    await apply(db, record)
    assert (await row(db, person.id))["name"] == "An Voorbeeld"
    await db.execute("UPDATE outbox_dead_letters SET resolved_at = now(), resolution = 'discarded'")
    await apply(db, record)
    assert (await row(db, person.id))["name"] == "Uit Airtable"


async def test_an_event_about_other_fields_keeps_nothing(db: Database, person: Person) -> None:
    await unsent(db, person.id, "last_login")
    await apply(db, person_record(person.id, languageCode="en"))
    assert (await row(db, person.id))["language_code"] == "en"


@pytest.mark.parametrize(
    ("told", "before", "after"),
    [
        ("Actief", "disabled", "active"),
        (None, "disabled", "active"),
        ("Geen toegang", "active", "disabled"),
        ("Gepauzeerd", "active", "active"),
        ("Gepauzeerd", "disabled", "disabled"),
        ("Actief", "deleted", "active"),
        ("Gepauzeerd", "deleted", "disabled"),
    ],
)
async def test_F_A3_one_mapping_of_the_status(
    db: Database, person: Person, told: str | None, before: str, after: str
) -> None:
    await db.execute("UPDATE users SET status = $2 WHERE id = $1", person.id, before)
    await apply(db, person_record(person.id, status=told))
    assert (await row(db, person.id))["status"] == after


@pytest.mark.parametrize("status", ["active", "disabled", "deleted"])
async def test_F_A3_a_source_that_does_not_tell_the_status_never_changes_it(
    db: Database, person: Person, status: str
) -> None:
    await db.execute("UPDATE users SET status = $2 WHERE id = $1", person.id, status)
    told = reading(delivered=frozenset({"name", "email"}))
    assert await verdicts(db, person_record(person.id, name="Ander"), at=told) == [Verdict.UPDATED]
    stored = await row(db, person.id)
    assert (stored["name"], stored["status"], stored["role"]) == ("Ander", status, "Deelnemer")


async def test_new_people_with_an_unknown_status_may_not_come_in(db: Database) -> None:
    blocked = person_record(status="Geen toegang")
    unknown = person_record(email="bo@voorbeeld.test", status="Gepauzeerd")
    assert await verdicts(db, blocked, unknown) == [Verdict.CREATED, Verdict.CREATED]
    assert await db.fetchval("SELECT count(*) FROM users WHERE status = 'disabled'") == 2


async def test_F_A3_leaving_active_ends_sessions_and_push_subscriptions(
    db: Database, person: Person
) -> None:
    await db.execute(
        "INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth)"
        " VALUES ($1, 'https://push.test/1', 'k', 'a')",
        person.id,
    )
    await apply(db, person_record(person.id, status="Geen toegang"))
    assert await live_sessions(db, person.id) == 0
    assert (await row(db, person.id))["sessions_valid_from"] == NOW
    assert await db.fetchval("SELECT status FROM push_subscriptions") == "revoked"
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 1
    for _ in range(2):
        again = await apply(db, person_record(person.id, status="Geen toegang"))
        assert again[0].verdict is Verdict.UNCHANGED


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


async def test_two_new_records_with_one_address_are_both_left_alone(db: Database) -> None:
    one, other = person_record(), person_record(email="AN@voorbeeld.test")
    assert await verdicts(db, one, other) == [Verdict.DUPLICATE_EMAIL] * 2
    assert await db.fetchval("SELECT count(*) FROM users") == 0


async def test_a_newer_record_with_the_address_of_a_live_one_is_left_alone(
    db: Database, person: Person
) -> None:
    newer = person_record(email=person.email)
    [arrival] = await apply(db, newer)
    assert arrival == Arrival(newer.id, Verdict.DUPLICATE_EMAIL, person.id)
    assert rivals_of([arrival]) == [person.id]
    own = person_record(person.id, person.email)
    both = await verdicts(db, newer, own)
    assert both[0] is Verdict.DUPLICATE_EMAIL
    assert await db.fetchval("SELECT count(*) FROM users") == 1


async def test_known_people_keep_their_address_when_the_new_one_is_taken(
    db: Database, settings: Settings, person: Person
) -> None:
    bo = await add_person(db, settings.jwt_secret, NOW, email="bo@voorbeeld.test")
    record = person_record(bo.id, person.email, name="Bo")
    assert await verdicts(db, record) == [Verdict.UPDATED]
    stored = await row(db, bo.id)
    assert (stored["email"], stored["name"]) == ("bo@voorbeeld.test", "Bo")


async def test_addresses_may_change_hands_within_one_reading(
    db: Database, settings: Settings, person: Person
) -> None:
    bo = await add_person(db, settings.jwt_secret, NOW, email="bo@voorbeeld.test")
    swap = [person_record(person.id, bo.email), person_record(bo.id, person.email)]
    assert await verdicts(db, *swap) == [Verdict.UPDATED, Verdict.UPDATED]
    assert await emails(db, person.id, bo.id) == [bo.email, person.email]
    passed = [
        person_record(person.id, "an2@voorbeeld.test"),
        person_record(email="bo@voorbeeld.test"),
    ]
    assert await verdicts(db, *passed) == [Verdict.UPDATED, Verdict.CREATED]


async def test_a_chain_that_ends_at_a_live_address_moves_nobody(
    db: Database, settings: Settings, person: Person
) -> None:
    bo = await add_person(db, settings.jwt_secret, NOW, email="bo@voorbeeld.test")
    await add_person(db, settings.jwt_secret, NOW, email="cil@voorbeeld.test")
    chain = [person_record(person.id, bo.email), person_record(bo.id, "cil@voorbeeld.test")]
    await apply(db, *chain)
    assert await emails(db, person.id, bo.id) == [person.email, bo.email]


async def test_the_address_of_a_deleted_person_may_be_taken_by_a_known_one(
    db: Database, settings: Settings, person: Person
) -> None:
    bo = await add_person(db, settings.jwt_secret, NOW, email="bo@voorbeeld.test")
    await db.execute("UPDATE users SET status = 'deleted' WHERE id = $1", bo.id)
    assert await verdicts(db, person_record(person.id, bo.email)) == [Verdict.UPDATED]
    assert (await row(db, person.id))["email"] == "bo@voorbeeld.test"


async def test_companies_are_kept_in_the_order_of_airtable(db: Database, person: Person) -> None:
    ids = [record_id("COMP") for _ in range(3)]
    await db.executemany("INSERT INTO companies (id, name) VALUES ($1, $2)", [(i, i) for i in ids])

    async def companies(*wanted: str) -> Sequence[str]:
        await apply(db, person_record(person.id, company=list(wanted)))
        rows = await db.fetch("SELECT company_id FROM user_companies ORDER BY position")
        return [found["company_id"] for found in rows]

    assert await companies(ids[2], ids[0], ids[1]) == [ids[2], ids[0], ids[1]]
    assert await companies(ids[1], ids[2]) == [ids[1], ids[2]]
    assert await companies() == []


async def test_an_unchanged_record_writes_nothing(
    db: Database, person: Person, settings: Settings
) -> None:
    record = person_record(person.id, role="Deelnemer", languageCode="nl")
    await apply(db, record)
    seen: list[str] = []
    db.observe(seen.append)
    assert await verdicts(db, record) == [Verdict.UNCHANGED]
    assert not [sql for sql in seen if sql.lstrip().startswith(("INSERT", "UPDATE"))]


async def test_who_is_missing_from_two_complete_listings_is_deleted(
    db: Database, settings: Settings
) -> None:
    people = [person_record(email=f"p{n}@voorbeeld.test") for n in range(8)]
    await apply(db, *people)
    seen = [record.id for record in people[1:]]

    async def listing(ids: Sequence[str], minutes: int) -> tuple[str, ...]:
        at = READ_AT + timedelta(minutes=minutes)
        async with db.transaction() as tx:
            return (await note_complete_listing(tx, ids, at, at)).deleted

    assert await listing(seen, 2) == ()
    assert await listing([*seen, people[0].id], 4) == ()
    assert await listing(seen, 6) == ()
    assert await listing(seen, 8) == (people[0].id,)
    assert (await row(db, people[0].id))["status"] == "deleted"
    assert await verdicts(db, people[0]) == [Verdict.UPDATED]
    assert (await row(db, people[0].id))["status"] == "active"


async def test_a_listing_that_lacks_too_many_is_not_believed(db: Database) -> None:
    people = [person_record(email=f"p{n}@voorbeeld.test") for n in range(20)]
    await apply(db, *people)
    at = READ_AT + timedelta(minutes=2)
    for seen in ([], [record.id for record in people[6:]]):
        async with db.transaction() as tx:
            removal = await note_complete_listing(tx, seen, at, at)
        assert len(removal.refused) == 20 - len(seen)
    assert await db.fetchval("SELECT count(*) FROM users WHERE missing_since IS NOT NULL") == 0
    async with db.transaction() as tx:
        removal = await note_complete_listing(
            tx, [record.id for record in people[6:]], at, at, confirmed=True
        )
    assert len(removal.deleted) == 6


async def test_who_arrived_after_a_listing_began_is_not_missing_from_it(
    db: Database,
) -> None:
    await apply(db, person_record(), at=LATER)
    async with db.transaction() as tx:
        removal = await note_complete_listing(tx, [record_id("X")], READ_AT, NOW)
    assert not removal.missing


async def test_F_A17_only_a_definite_absence_deletes_and_it_shuts_out_at_once(
    db: Database, person: Person
) -> None:
    async with db.transaction() as tx:
        assert await mark_people_deleted(tx, [person.id], NOW) == [person.id]
        assert await mark_people_deleted(tx, [person.id], NOW) == []
    stored = await row(db, person.id)
    assert (stored["status"], stored["deleted_at"]) == ("deleted", NOW)
    assert await live_sessions(db, person.id) == 0


async def test_people_come_in_by_hundreds_in_few_statements(db: Database) -> None:
    people = [person_record(email=f"p{n}@voorbeeld.test", bonusPoints=n) for n in range(500)]
    seen: list[str] = []
    db.observe(seen.append)
    assert set(await verdicts(db, *people)) == {Verdict.CREATED}
    assert len(seen) <= 12
    assert await db.fetchval("SELECT sum(bonus_points) FROM user_rewards") == 499 * 250
