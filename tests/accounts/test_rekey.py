"""A record made anew in Airtable: the person keeps everything under the new id (F-A9)."""

from datetime import UTC, datetime, timedelta

import pytest

from api._lib.accounts.provisioning import Arrival, apply_airtable_users
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.accounts.store import people
from api._lib.airtable.entities import EntityType
from api._lib.airtable.gateway import RemoteRecord
from api._lib.db import Database
from api._lib.outbox import Event, enqueue
from api._lib.settings import Settings
from tests.accounts.records import person_record, reading
from tests.people import PASSWORD_HASH, Person, add_person

NOW = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)

# Columns that name people without a foreign key; `entity_id` does so where the type is `user`.
WITHOUT_KEY = {
    ("airtable_links", "entity_id"),
    ("outbox_dead_letters", "entity_id"),
    ("outbox_events", "entity_id"),
    ("outbox_events", "user_id"),
    ("reconcile_diffs", "entity_id"),
    ("sync_tombstones", "entity_id"),
    ("user_id_aliases", "old_id"),
}


@pytest.fixture
async def person(db: Database, settings: Settings) -> Person:
    """Somebody with a history."""
    return await add_person(db, settings.jwt_secret, NOW, email="an@voorbeeld.test", zone="UTC")


async def apply(db: Database, record: RemoteRecord, *gone: str) -> Arrival:
    async with db.transaction() as tx:
        at = reading(gone=frozenset(gone))
        [arrival] = await apply_airtable_users(tx, [record], at, NOW)
    return arrival


async def test_F_A9_the_person_keeps_password_rewards_sessions_and_history(
    db: Database, person: Person
) -> None:
    await db.execute("UPDATE user_rewards SET bonus_points = 75, longest_streak = 9")
    await db.execute("INSERT INTO personal_goals (user_id, name) VALUES ($1, 'Lopen')", person.id)
    record = person_record(email=person.email, name="An Nieuw")
    arrival = await apply(db, record, person.id)
    assert arrival.verdict is Verdict.REKEYED
    stored = await db.fetchrow("SELECT id, name, password_hash FROM users")
    assert stored is not None
    assert tuple(stored) == (record.id, "An Nieuw", PASSWORD_HASH)
    for table in ("user_rewards", "personal_goals", "auth_sessions", "notification_preferences"):
        assert await db.fetchval(f"SELECT user_id FROM {table}") == record.id, table
    assert await db.fetchval("SELECT longest_streak FROM user_rewards") == 9
    link = await db.fetchrow("SELECT entity_id, airtable_record_id FROM airtable_links")
    assert link is not None
    assert tuple(link) == (record.id, record.id)


async def test_the_former_id_stays_an_alias_over_several_changes(
    db: Database, person: Person
) -> None:
    second = person_record(email=person.email)
    await apply(db, second, person.id)
    third = person_record(email=person.email)
    await apply(db, third, second.id)
    for former in (person.id, second.id):
        account = await people.account_by_id(db, former)
        assert account is not None
        assert account.id == third.id


async def test_events_links_and_tombstones_follow(db: Database, person: Person) -> None:
    async with db.transaction() as tx:
        await enqueue(
            tx,
            [
                Event(
                    entity_type=EntityType.USER,
                    entity_id=person.id,
                    user_id=person.id,
                    changed_fields=["language_code"],
                ),
                Event(
                    entity_type=EntityType.PERSONAL_GOAL,
                    entity_id="00000000-0000-4000-8000-000000000001",
                    user_id=person.id,
                ),
            ],
        )
    record = person_record(email=person.email, languageCode="fr")
    await apply(db, record, person.id)
    events = await db.fetch("SELECT entity_type, entity_id, user_id FROM outbox_events")
    assert {event["user_id"] for event in events} == {record.id}
    assert {e["entity_id"] for e in events if e["entity_type"] == "user"} == {record.id}
    assert await db.fetchval("SELECT language_code FROM users") == "nl"


async def test_I2_what_the_person_did_is_sent_with_the_new_id(db: Database, person: Person) -> None:
    goal = await db.fetchval(
        "INSERT INTO personal_goals (user_id, name) VALUES ($1, 'Lopen') RETURNING id", person.id
    )
    await db.execute(
        """INSERT INTO airtable_links (entity_type, entity_id, airtable_record_id,
                                       airtable_table_id)
           VALUES ('personal_goal', $1::text, 'recGOAL0000000001', 'tblbjDv35B50ZKG9w')""",
        str(goal),
    )
    record = person_record(email=person.email)
    await apply(db, record, person.id)
    events = await db.fetch(
        "SELECT entity_type, entity_id, user_id, status FROM outbox_events ORDER BY entity_type"
    )
    assert [tuple(event) for event in events] == [
        ("personal_goal", str(goal), record.id, "pending"),
        ("user", record.id, record.id, "pending"),
    ]


async def test_F_A9_a_live_former_record_is_never_rekeyed_not_even_by_turns(
    db: Database, person: Person
) -> None:
    newer = person_record(email=person.email)
    for _ in range(3):
        assert (await apply(db, newer)).verdict is Verdict.DUPLICATE_EMAIL
        own = await apply(db, person_record(person.id, person.email))
        assert own.verdict in (Verdict.UPDATED, Verdict.UNCHANGED)
    assert await db.fetchval("SELECT id FROM users") == person.id


async def test_somebody_marked_deleted_is_confirmed_gone(db: Database, person: Person) -> None:
    await db.execute("UPDATE users SET status = 'deleted', deleted_at = $1", NOW)
    record = person_record(email=person.email)
    assert (await apply(db, record)).verdict is Verdict.REKEYED
    stored = await db.fetchrow("SELECT id, status, deleted_at FROM users")
    assert stored is not None
    assert tuple(stored) == (record.id, "active", None)


async def test_keys_of_reminders_follow_so_that_none_is_sent_twice(
    db: Database, person: Person
) -> None:
    await db.execute(
        """INSERT INTO notification_jobs
           (user_id, reminder_date, mode, fire_at, expires_at, dedupe_key, status)
           VALUES ($1, '2026-03-04', 'daily_summary', $2, $3, $4, 'sent')""",
        person.id,
        NOW,
        NOW + timedelta(hours=1),
        f"daily:user:{person.id}:date:2026-03-04",
    )
    record = person_record(email=person.email)
    await apply(db, record, person.id)
    assert await db.fetchval("SELECT dedupe_key FROM notification_jobs") == (
        f"daily:user:{record.id}:date:2026-03-04"
    )


async def test_every_column_that_names_people_follows(db: Database) -> None:
    """Compared with the catalogue, so that a new table cannot be forgotten."""
    cascading = await db.fetch(
        """SELECT DISTINCT c.conrelid::regclass::text AS table_name, a.attname AS column_name,
                  c.confupdtype = 'c' AS cascades
           FROM pg_constraint AS c, unnest(c.conkey, c.confkey) AS k(own, theirs)
           JOIN pg_attribute AS a ON true
           JOIN pg_attribute AS b ON true
           WHERE c.contype = 'f' AND a.attrelid = c.conrelid AND a.attnum = k.own
             AND b.attrelid = c.confrelid AND b.attnum = k.theirs
             AND (c.confrelid = 'users'::regclass OR b.attname = 'user_id')"""
    )
    assert all(row["cascades"] for row in cascading), [dict(row) for row in cascading]
    keyed = {(row["table_name"], row["column_name"]) for row in cascading}
    named = await db.fetch(
        """SELECT table_name, column_name FROM information_schema.columns
           WHERE table_schema = 'public' AND column_name IN ('user_id', 'entity_id', 'old_id')"""
    )
    assert {tuple(row) for row in named} - keyed == WITHOUT_KEY
