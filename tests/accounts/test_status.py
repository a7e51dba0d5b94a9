"""Who may come in: the status of people in Airtable, and what follows from it here."""

import pytest

from api._lib.accounts.rules.arrivals import Verdict
from api._lib.db import Database
from api._lib.settings import Settings
from tests.accounts.arriving import NOW, apply, live_sessions, row, verdicts
from tests.accounts.records import person_record, reading
from tests.people import Person, add_person


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
    db: Database, person: Person, settings: Settings
) -> None:
    other = await add_person(db, settings.jwt_secret, NOW)
    await db.execute(
        "INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth)"
        " VALUES ($1, 'https://push.test/1', 'k', 'a')",
        person.id,
    )
    await apply(db, person_record(person.id, status="Geen toegang"))
    assert (await live_sessions(db, person.id), await live_sessions(db, other.id)) == (0, 1)
    valid_from = [(await row(db, who.id))["sessions_valid_from"] for who in (person, other)]
    assert valid_from == [NOW, None]
    assert await db.fetchval("SELECT status FROM push_subscriptions") == "revoked"
    assert await db.fetchval("SELECT count(*) FROM notification_planning") == 1
    for _ in range(2):
        again = await apply(db, person_record(person.id, status="Geen toegang"))
        assert again[0].verdict is Verdict.UNCHANGED
