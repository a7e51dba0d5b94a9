"""People whose record is gone: who is believed to be missing, and since when."""

from collections.abc import Sequence
from datetime import timedelta

from api._lib.accounts.leaving import mark_people_deleted, note_complete_listing
from api._lib.accounts.rules.arrivals import Verdict
from api._lib.db import Database
from api._lib.settings import Settings
from tests.accounts.arriving import LATER, NOW, apply, live_sessions, row, verdicts
from tests.accounts.records import READ_AT, person_record
from tests.people import Person, record_id


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
