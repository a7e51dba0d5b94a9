"""What is past its time is removed, nothing else."""

from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.retention import RULES, purge

OLD = "now() - interval '400 days'"
EVENT = """
INSERT INTO outbox_events (entity_type, entity_id, operation, status, processed_at, lease_token)
VALUES ('program', gen_random_uuid()::text, 'upsert', $1,
        CASE WHEN $1 IN ('processed', 'superseded', 'dead_letter')
             THEN now() - $2::int * interval '1 day' END, NULL)
RETURNING id"""
LETTER = """
INSERT INTO outbox_dead_letters
    (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts,
     resolved_at, resolution)
SELECT id, entity_type, entity_id, operation, 'permanent', 'no', 2,
       CASE WHEN $2 THEN now() - interval '91 days' END, CASE WHEN $2 THEN 'discarded' END
FROM outbox_events WHERE id = $1"""


async def test_O22_finished_events_go_after_fourteen_days(db: Database, settings: Settings) -> None:
    for status, days in (("processed", 15), ("superseded", 15), ("processed", 13), ("pending", 0)):
        await db.fetchval(EVENT, status, days)
    counts = await purge(db, settings)
    assert counts["events"] == 2
    assert await db.fetchval("SELECT count(*) FROM outbox_events") == 2


async def test_open_dead_letters_are_never_removed(db: Database, settings: Settings) -> None:
    for settled in (True, False):
        await db.execute(LETTER, await db.fetchval(EVENT, "dead_letter", 200), settled)
    counts = await purge(db, settings)
    assert (counts["letters"], counts["deadEvents"]) == (1, 1)
    assert await db.fetchval("SELECT count(*) FROM outbox_events") == 1
    assert await db.fetchval("SELECT count(*) FROM outbox_dead_letters") == 1


async def test_everything_else_goes_in_its_time(db: Database, settings: Settings) -> None:
    await db.execute(
        f"""
        INSERT INTO inbox_events (source, event_id, received_at)
        VALUES ('users', 'old', {OLD}), ('users', 'new', now());
        INSERT INTO sync_gates (key, counts)
        VALUES ('calls:2024-01', '{{"calls": 1}}'), ('users', '{{}}'),
               ('calls:' || to_char(now(), 'YYYY-MM'), '{{"calls": 1}}');
        INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason, purged_at)
        VALUES ('user', 'recOLD00000000001', 'app', {OLD}),
               ('user', 'recOPEN0000000001', 'app', NULL);
        INSERT INTO airtable_links
            (entity_type, entity_id, airtable_record_id, airtable_table_id, deleted_at)
        VALUES ('user', 'a', 'recOLD00000000001', 't', {OLD}),
               ('user', 'b', 'recOPEN0000000001', 't', {OLD}),
               ('user', 'c', 'recLIVE0000000001', 't', NULL);
        INSERT INTO reconcile_runs (entity, started_at) VALUES ('user', {OLD}), ('user', now());
        INSERT INTO users (id, email, name) VALUES ('recUSER0000000001', 'a@voorbeeld.test', 'A');
        INSERT INTO login_codes (user_id, purpose, code_hash, expires_at)
        VALUES ('recUSER0000000001', 'login', 'h', {OLD}),
               ('recUSER0000000001', 'setup', 'h', now());
        INSERT INTO auth_sessions (user_id, current_jti, expires_at)
        VALUES ('recUSER0000000001', gen_random_uuid(), {OLD}),
               ('recUSER0000000001', gen_random_uuid(), now());
        """
    )
    counts = await purge(db, settings)
    removed = {name for name, count in counts.items() if count == 1}
    assert removed == {"inbox", "calls", "tombstones", "links", "comparisons", "codes", "sessions"}
    assert await purge(db, settings) == dict.fromkeys(RULES, 0)


async def test_removal_goes_on_over_many_batches(db: Database, settings: Settings) -> None:
    await db.execute(
        f"""INSERT INTO inbox_events (source, event_id, received_at)
            SELECT 'users', n::text, {OLD} FROM generate_series(1, 2500) AS n"""
    )
    assert (await purge(db, settings))["inbox"] == 2_500
