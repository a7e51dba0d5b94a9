"""Addresses that two records name, and addresses that change hands."""

from api._lib.accounts.provisioning import Arrival, rivals_of
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.db import Database
from api._lib.settings import Settings
from tests.accounts.arriving import NOW, apply, row, verdicts
from tests.accounts.records import person_record
from tests.people import Person, add_person


async def emails(db: Database, *user_ids: str) -> list[str]:
    return [(await row(db, user_id))["email"] for user_id in user_ids]


async def test_two_new_records_with_one_address_are_both_left_alone(db: Database) -> None:
    one, other = person_record(), person_record(email="AN@voorbeeld.test")
    assert await verdicts(db, one, other) == [Verdict.DUPLICATE_EMAIL] * 2
    assert await db.fetchval("SELECT count(*) FROM users") == 0


async def test_a_newer_record_with_the_address_of_a_live_one_is_left_alone(
    db: Database, person: Person
) -> None:
    newer = person_record(email=person.email)
    [arrival] = await apply(db, newer)
    assert arrival == Arrival(newer.id, Verdict.DUPLICATE_EMAIL, person.id, waits=True)
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
