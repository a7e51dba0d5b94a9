"""Rules that hold for every table, read from the catalogue of a migrated database."""

from api._lib.db import Database
from api._lib.schema_version import known_migrations, pending_migrations

APPEND_ONLY = {"notification_deliveries", "reconcile_diffs"}
BOOKKEEPING = {"schema_migrations"}
CONTENT = {
    "companies", "goals", "methods", "weekdays", "experience_levels", "program_prompts",
    "mindset_categories", "beliefs", "habits", "media", "translations",
}  # fmt: skip
FOREIGN_KEYS = """
    SELECT c.conrelid::regclass::text AS source, c.confrelid::regclass::text AS target,
           c.confupdtype::text AS on_update, c.confdeltype::text AS on_delete,
           (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(c.conkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number) AS columns
    FROM pg_constraint c
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
    ORDER BY 1, c.conname
"""
FULL_INDEXES = """
    SELECT i.indrelid::regclass::text AS source,
           (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND i.indpred IS NULL AND i.indexprs IS NULL
"""


async def columns(db: Database) -> dict[str, dict[str, str]]:
    """Every table with its columns and their types."""
    rows = await db.fetch(
        "SELECT table_name::text AS source, column_name::text AS name, data_type::text AS type "
        "FROM information_schema.columns WHERE table_schema = 'public'"
    )
    tables: dict[str, dict[str, str]] = {}
    for row in rows:
        tables.setdefault(row["source"], {})[row["name"]] = row["type"]
    return tables


async def test_a_migrated_database_lacks_no_migration(db: Database) -> None:
    assert await pending_migrations(db) == 0
    await db.execute("DELETE FROM schema_migrations WHERE id > '0004'")
    assert await pending_migrations(db) == len(known_migrations()) - 3
    await db.execute("INSERT INTO schema_migrations (id) VALUES ('9999_of_a_newer_version.sql')")
    assert await pending_migrations(db) == len(known_migrations()) - 3
    await db.execute("DROP TABLE schema_migrations")
    assert await pending_migrations(db) == len(known_migrations())


async def test_every_table_has_a_primary_key(db: Database) -> None:
    without = await db.fetch(
        "SELECT relname FROM pg_class c WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace AND NOT EXISTS "
        "(SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p')"
    )
    assert without == []


async def test_every_foreign_key_has_an_index_that_starts_with_its_columns(db: Database) -> None:
    indexes = [(row["source"], row["columns"]) for row in await db.fetch(FULL_INDEXES)]
    for key in await db.fetch(FOREIGN_KEYS):
        # A composite key (id of the parent, user) is found by the id of the parent alone.
        first = key["columns"][:1]
        assert any(source == key["source"] and index[:1] == first for source, index in indexes), (
            dict(key)
        )


async def test_everything_of_a_person_follows_a_changed_id_and_goes_with_the_person(
    db: Database,
) -> None:
    keys = [key for key in await db.fetch(FOREIGN_KEYS) if key["target"] == "users"]
    assert len(keys) > 15
    assert {(key["on_update"], key["on_delete"]) for key in keys} == {("c", "c")}
    owned = {key["source"] for key in keys}
    tables = {name for name, names in (await columns(db)).items() if "user_id" in names}
    # Events outlive the person.
    assert tables - owned == {"outbox_events"}


async def test_content_cannot_be_deleted_while_anything_points_at_it(db: Database) -> None:
    keys = [key for key in await db.fetch(FOREIGN_KEYS) if key["target"] in CONTENT]
    assert {key["on_delete"] for key in keys} == {"r"}


async def test_a_row_of_a_person_names_its_program_or_goal_together_with_the_person(
    db: Database,
) -> None:
    tables = await columns(db)
    keys = [(key["source"], key["columns"]) for key in await db.fetch(FOREIGN_KEYS)]
    for parent in ("program_id", "personal_goal_id"):
        for source, names in tables.items():
            if {parent, "user_id"} <= names.keys():
                assert (source, [parent, "user_id"]) in keys
                assert (source, [parent]) not in keys


async def test_every_table_knows_when_its_rows_were_made_and_changed(db: Database) -> None:
    tables = await columns(db)
    triggers = await db.fetch(
        "SELECT t.tgrelid::regclass::text AS source FROM pg_trigger t "
        "WHERE t.tgfoid = 'touch_updated_at'::regproc AND t.tgenabled = 'O'"
    )
    assert {row["source"] for row in triggers} == {
        name for name, names in tables.items() if "updated_at" in names
    }
    for name, names in tables.items():
        if name not in BOOKKEEPING:
            assert "created_at" in names, name
            assert ("updated_at" in names) == (name not in APPEND_ONLY), name


async def test_content_tables_share_the_columns_of_the_sync(db: Database) -> None:
    tables = await columns(db)
    shared = {"sort_order", "is_listed", "archived_at", "content_hash", "synced_at"}
    assert {name for name, names in tables.items() if shared <= names.keys()} == CONTENT


async def test_moments_carry_their_zone_and_no_record_is_stored_raw(db: Database) -> None:
    kinds = {(name, kind) for names in (await columns(db)).values() for name, kind in names.items()}
    assert "timestamp without time zone" not in {kind for _, kind in kinds}
    assert {name for name, kind in kinds if kind == "jsonb"} == {"payload", "counts"}


async def test_the_schema_needs_no_extension(db: Database) -> None:
    assert await db.fetchval("SELECT array_agg(extname::text) FROM pg_extension") == ["plpgsql"]
