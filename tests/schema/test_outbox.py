"""The guarantees that the tables of the sync give whatever the code does."""

import asyncpg
import pytest

from api._lib.db import Database
from tests.schema.conftest import refused

ADD = """
    INSERT INTO outbox_events (entity_type, entity_id, operation, status, lease_token, priority)
    VALUES ('personal_goal', 'g', 'upsert', $1,
            CASE WHEN $1 = 'processing' THEN gen_random_uuid() END, 40)
    RETURNING id
"""
MERGE = """
    INSERT INTO outbox_events (entity_type, entity_id, operation, changed_fields, priority)
    VALUES ('personal_goal', 'g', $1, $2, $3)
    ON CONFLICT (entity_type, entity_id) WHERE status = 'pending' DO UPDATE SET
        changed_fields = CASE WHEN num_nulls(outbox_events.changed_fields, excluded.changed_fields)
            = 0 THEN (SELECT array_agg(DISTINCT f ORDER BY f) FROM
                unnest(outbox_events.changed_fields || excluded.changed_fields) f) END,
        operation = excluded.operation,
        priority = least(outbox_events.priority, excluded.priority),
        merged_count = outbox_events.merged_count + 1
"""
REFUSED = (
    ("outbox_events", "operation = 'insert'"),
    ("outbox_events", "status = 'failed'"),
    ("outbox_events", "status = 'processing'"),
    ("outbox_events", "lease_token = gen_random_uuid()"),
    ("outbox_events", "entity_type = 'habit_usage'"),
    ("airtable_links", "entity_type = 'method'"),
    ("airtable_links", "airtable_record_id = 'b0000000'"),
    ("outbox_dead_letters", "resolution = 'ignored'"),
    ("outbox_dead_letters", "resolution = 'discarded'"),
    ("outbox_dead_letters", "resolved_at = now()"),
    ("sync_tombstones", "reason = 'unknown'"),
    ("inbox_events", "status = 'seen'"),
)


@pytest.mark.parametrize("status", ["pending", "processing"])
async def test_a_record_has_one_event_waiting_and_one_on_its_way(db: Database, status: str) -> None:
    await db.fetchval(ADD, status)
    with pytest.raises(asyncpg.UniqueViolationError):
        await db.fetchval(ADD, status)
    await db.fetchval(ADD, "processing" if status == "pending" else "pending")


async def test_finished_events_of_a_record_may_be_many(db: Database) -> None:
    for status in ("processed", "superseded", "dead_letter") * 2:
        await db.fetchval(ADD, status)
    await db.fetchval(ADD, "pending")


async def test_I2_a_waiting_event_takes_up_the_next_one(db: Database) -> None:
    await db.execute(MERGE, "upsert", ["name"], 40)
    await db.execute(MERGE, "upsert", ["language_code"], 10)
    await db.execute(MERGE, "upsert", ["name"], 100)
    event = await db.fetchrow("SELECT * FROM outbox_events")
    assert event is not None
    assert event["changed_fields"] == ["language_code", "name"]
    assert (event["priority"], event["merged_count"]) == (10, 3)
    await db.execute(MERGE, "upsert", None, 40)
    await db.execute(MERGE, "upsert", ["name"], 40)
    assert await db.fetchval("SELECT changed_fields FROM outbox_events") is None


async def test_I2_an_event_queued_while_one_is_sent_is_kept(db: Database) -> None:
    await db.fetchval(ADD, "processing")
    await db.execute(MERGE, "upsert", ["name"], 40)
    await db.execute(MERGE, "upsert", ["status"], 40)
    found = await db.fetch("SELECT status, merged_count FROM outbox_events ORDER BY id")
    assert [tuple(row) for row in found] == [("processing", 1), ("pending", 2)]


async def test_values_outside_the_rules_are_refused(filled: Database) -> None:
    for table, change in REFUSED:
        assert await refused(filled, f"UPDATE {table} SET {change}"), change


async def test_I12_a_dead_letter_outlives_its_event(filled: Database) -> None:
    await filled.execute("DELETE FROM outbox_events")
    assert await filled.fetchval("SELECT outbox_id FROM outbox_dead_letters") is None


async def test_an_event_has_one_open_dead_letter(filled: Database) -> None:
    again = (
        "INSERT INTO outbox_dead_letters (outbox_id, entity_type, entity_id, operation, "
        "error_class, error_message, attempts) SELECT outbox_id, entity_type, entity_id, "
        "operation, error_class, error_message, attempts FROM outbox_dead_letters LIMIT 1"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await filled.execute(again)
    await filled.execute(
        "UPDATE outbox_dead_letters SET resolved_at = now(), resolution = 'replayed'"
    )
    await filled.execute(again)


async def test_an_airtable_record_is_linked_once(filled: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await filled.execute(
            "INSERT INTO airtable_links SELECT entity_type, 'another', airtable_record_id, "
            "airtable_table_id FROM airtable_links"
        )


async def test_an_inbox_event_is_taken_once_per_source(filled: Database) -> None:
    take = "INSERT INTO inbox_events (source, event_id) VALUES ($1, 'evt-1') ON CONFLICT DO NOTHING"
    assert await filled.execute(take, "users") == "INSERT 0 0"
    assert await filled.execute(take, "webhook") == "INSERT 0 1"
