"""What Airtable has not been told yet stands against what it says."""

from api._lib.airtable.entities import EntityType
from api._lib.db import Database
from api._lib.outbox import Event, enqueue
from tests.accounts.arriving import apply, row
from tests.accounts.records import person_record
from tests.people import Person


async def unsent(db: Database, user_id: str, *fields: str) -> None:
    event = Event(
        entity_type=EntityType.USER, entity_id=user_id, user_id=user_id, changed_fields=fields
    )
    async with db.transaction() as tx:
        await enqueue(tx, [event])


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
