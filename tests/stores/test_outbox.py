"""Merging of events: a record waits at most once, and nothing is lost by that."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api._lib.airtable.entities import EntityType as E
from api._lib.db import Database
from api._lib.outbox import SHARED_FIELDS, Event, enqueue, forget, merged_fields
from api._lib.settings import Backend, Settings
from tests.airtable import with_settings

FIELDS = st.none() | st.lists(st.sampled_from(["name", "language_code", "level", "status"]))


def event(entity_id: str = "g", **values: Any) -> Event:
    return Event(**{"entity_type": E.PERSONAL_GOAL, "entity_id": entity_id, **values})


async def store(db: Database, *events: Event) -> None:
    async with db.transaction() as tx:
        await enqueue(tx, events)


async def rows(db: Database) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch("SELECT * FROM outbox_events ORDER BY id")]


async def test_O1_a_waiting_event_takes_up_the_next(db: Database) -> None:
    await store(db, event(changed_fields=["name"], priority=40, user_id="recA"))
    (first,) = await rows(db)
    await store(db, event(changed_fields=["status"], priority=10))
    await store(db, event(changed_fields=["name"], priority=40))
    (merged,) = await rows(db)
    assert merged["changed_fields"] == ["name", "status"]
    assert (merged["priority"], merged["user_id"]) == (10, "recA")
    assert merged["merged_count"] == 3
    assert merged["created_at"] == first["created_at"]


async def test_O1_the_same_change_again_after_it_was_sent_is_a_new_event(db: Database) -> None:
    for _ in range(3):
        await store(db, event(changed_fields=["name"]))
        await db.execute("UPDATE outbox_events SET status = 'processed' WHERE status = 'pending'")
    assert len(await rows(db)) == 3


async def test_an_event_that_is_being_sent_is_not_merged_with(db: Database) -> None:
    await store(db, event())
    await db.execute(
        "UPDATE outbox_events SET status = 'processing', lease_token = gen_random_uuid()"
    )
    await store(db, event())
    assert [row["status"] for row in await rows(db)] == ["processing", "pending"]


async def test_unknown_fields_stay_unknown_but_shared_ones_are_kept(db: Database) -> None:
    await store(db, event(changed_fields=["name", "level"]))
    await store(db, event(changed_fields=None))
    (merged,) = await rows(db)
    assert merged["changed_fields"] == ["name"]


async def test_a_delete_takes_the_place_of_a_waiting_change(db: Database) -> None:
    await store(db, event())
    await db.execute("UPDATE outbox_events SET first_attempt_at = '2026-03-02'")
    await store(db, event(operation="delete"))
    change, delete = await rows(db)
    assert (change["status"], change["superseded_by"]) == ("superseded", delete["id"])
    assert delete["operation"] == "delete"
    assert delete["first_attempt_at"] == change["first_attempt_at"]


async def test_a_delete_knows_the_record_and_leaves_a_tombstone(db: Database) -> None:
    await db.execute(
        """INSERT INTO airtable_links
           (entity_type, entity_id, airtable_record_id, airtable_table_id)
           VALUES ('personal_goal', 'g', 'recGOAL0000000001', 'tblGoals')"""
    )
    await store(db, event(operation="delete"))
    (delete,) = await rows(db)
    assert delete["payload"] == {"recordId": "recGOAL0000000001", "tableId": "tblGoals"}
    tombstone = await db.fetchrow("SELECT * FROM sync_tombstones")
    assert tombstone is not None
    assert tombstone["airtable_record_id"] == "recGOAL0000000001"
    assert (tombstone["entity_id"], tombstone["reason"]) == ("g", "app")
    assert tombstone["purged_at"] is None
    assert await db.fetchval("SELECT deleted_at IS NOT NULL FROM airtable_links")


async def test_a_waiting_delete_keeps_the_record_it_was_told(db: Database) -> None:
    await store(db, event(operation="delete", payload={"recordId": "recGOAL0000000001"}))
    await store(db, event(payload={"reason": "repair"}))
    (delete,) = await rows(db)
    assert delete["payload"] == {"recordId": "recGOAL0000000001", "reason": "repair"}


async def test_a_delete_closes_open_dead_letters(db: Database) -> None:
    await store(db, event())
    await db.execute("UPDATE outbox_events SET status = 'dead_letter', first_attempt_at = now()")
    await db.execute(
        """INSERT INTO outbox_dead_letters
           (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
           SELECT id, entity_type, entity_id, operation, 'permanent', 'no', 2 FROM outbox_events"""
    )
    await store(db, event(operation="delete"))
    dead, delete = await rows(db)
    assert dead["status"] == "superseded"
    assert delete["first_attempt_at"] is not None
    assert await db.fetchval("SELECT resolution FROM outbox_dead_letters") == "superseded"


async def test_the_wait_after_a_lost_answer_outlives_merging(db: Database) -> None:
    await store(db, event())
    await db.execute(
        """UPDATE outbox_events
           SET error_class = 'ambiguous', next_attempt_at = now() + interval '30 seconds'"""
    )
    (before,) = await rows(db)
    await store(db, event())
    (changed,) = await rows(db)
    assert changed["next_attempt_at"] == before["next_attempt_at"]
    await store(db, event(operation="delete"))
    delete = (await rows(db))[-1]
    assert delete["next_attempt_at"] == before["next_attempt_at"]


async def test_any_other_wait_ends_with_a_new_change(db: Database) -> None:
    await store(db, event())
    await db.execute(
        """UPDATE outbox_events
           SET error_class = 'transient', next_attempt_at = now() + interval '80 seconds',
               parked_on = 'program:p'"""
    )
    await store(db, event())
    assert await db.fetchval(
        "SELECT next_attempt_at <= now() AND parked_on IS NULL FROM outbox_events"
    )


async def test_several_events_of_one_record_in_one_call_are_one(db: Database) -> None:
    await store(
        db,
        event(changed_fields=["name"], priority=10),
        event(changed_fields=["status"]),
        event("other"),
    )
    merged, other = await rows(db)
    assert (merged["changed_fields"], merged["priority"]) == (["name", "status"], 10)
    assert other["entity_id"] == "other"


async def test_opposite_orders_of_two_transactions_cannot_block_each_other(db: Database) -> None:
    events = [event(str(n)) for n in range(40)]
    await store(db, *events)

    async def again(order: int) -> None:
        for _ in range(10):
            await store(db, *events[::order])

    await asyncio.gather(again(1), again(-1), again(1), again(-1))
    assert await db.fetchval("SELECT min(merged_count) FROM outbox_events") == 41


async def test_flags_keep_events_of_an_entity_out(settings: Settings) -> None:
    modes = {**settings.backends, "PERSONAL_GOALS": Backend.POSTGRES_ONLY}
    quiet = await Database.connect(with_settings(settings, backends=modes))
    user = event(entity_type=E.USER, entity_id="recUSER0000000001")
    await store(quiet, event(), user)
    assert [row["entity_type"] for row in await rows(quiet)] == ["user"]
    await quiet.close()


async def test_O6_an_erased_user_leaves_only_the_deletes_to_be_done(db: Database) -> None:
    await store(
        db,
        event("waiting", user_id="recA"),
        event("sent", user_id="recA"),
        event("dead", user_id="recA"),
        event("other", user_id="recB"),
    )
    await db.execute("UPDATE outbox_events SET status = 'processed' WHERE entity_id = 'sent'")
    await db.execute("UPDATE outbox_events SET status = 'dead_letter' WHERE entity_id = 'dead'")
    await db.execute(
        """INSERT INTO outbox_dead_letters
           (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
           SELECT id, entity_type, entity_id, operation, 'permanent', 'no', 2
           FROM outbox_events WHERE status = 'dead_letter'"""
    )
    async with db.transaction() as tx:
        await enqueue(tx, [event("waiting", user_id="recA", operation="delete")])
        await forget(tx, "recA")
    left = [(row["entity_id"], row["operation"]) for row in await rows(db)]
    assert left == [("other", "upsert"), ("waiting", "delete")]
    assert await db.fetchval("SELECT count(*) FROM outbox_dead_letters") == 0


async def test_O6_what_is_being_sent_during_the_erasure_holds_the_deletion_back(
    db: Database,
) -> None:
    await store(db, event("made", user_id="recA"))
    await db.execute(
        "UPDATE outbox_events SET status = 'processing', lease_token = gen_random_uuid()"
    )
    async with db.transaction() as tx:
        await enqueue(tx, [event("made", user_id="recA", operation="delete")])
        await forget(tx, "recA")
    left = [(row["operation"], row["status"]) for row in await rows(db)]
    assert left == [("upsert", "processing"), ("delete", "pending")]


async def test_O6_a_deletion_that_dies_during_the_erasure_stays_to_be_replayed(
    db: Database,
) -> None:
    await store(db, event("gone", user_id="recA", operation="delete"))
    await db.execute("UPDATE outbox_events SET status = 'dead_letter'")
    await db.execute(
        """INSERT INTO outbox_dead_letters
           (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
           SELECT id, entity_type, entity_id, operation, 'permanent', 'no', 2 FROM outbox_events"""
    )
    async with db.transaction() as tx:
        await forget(tx, "recA")
    assert [row["status"] for row in await rows(db)] == ["dead_letter"]
    assert await db.fetchval("SELECT count(*) FROM outbox_dead_letters") == 1


@given(FIELDS, FIELDS)
def test_merging_never_loses_a_shared_field(
    older: list[str] | None, newer: list[str] | None
) -> None:
    merged = set(merged_fields(older, newer) or ())
    both = {*(older or ()), *(newer or ())}
    assert both & set(SHARED_FIELDS) <= merged <= both
