"""What happens to the rows of a person: re-key, erasure, ownership."""

import asyncpg
import pytest

from api._lib.db import Database
from tests.schema.test_catalogue import FOREIGN_KEYS

AN = "recUserAn00000001"
NEW = "recUserAnew000001"
PROGRAM_OF_BO = "b0000000-0000-4000-8000-000000000002"
GOAL_OF_BO = "d0000000-0000-4000-8000-000000000002"
STRANGE = (
    "INSERT INTO method_completions (user_id, method_id, program_id, completed_on, points) "
    f"VALUES ('{AN}', 'recMethod00000001', '{PROGRAM_OF_BO}', '2026-01-05', 5)",
    "INSERT INTO personal_goal_completions (user_id, personal_goal_id, completed_on) "
    f"VALUES ('{AN}', '{GOAL_OF_BO}', '2026-01-05')",
    f"UPDATE belief_completions SET program_id = '{PROGRAM_OF_BO}'",
    f"UPDATE personal_beliefs SET program_id = '{PROGRAM_OF_BO}'",
    f"UPDATE reward_ledger SET program_id = '{PROGRAM_OF_BO}'",
    f"UPDATE notification_jobs SET program_id = '{PROGRAM_OF_BO}'",
    f"UPDATE notification_jobs SET personal_goal_id = '{GOAL_OF_BO}' WHERE mode = 'personal_goal'",
)


async def owned_tables(db: Database) -> list[str]:
    """Tables that hold rows of people."""
    keys = await db.fetch(FOREIGN_KEYS)
    return sorted({key["source"] for key in keys if key["target"] == "users"})


async def rows_of(db: Database, user_id: str) -> dict[str, int]:
    """How many rows each table holds of a person."""
    return {
        table: await db.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", user_id)
        for table in await owned_tables(db)
    }


async def test_the_sample_has_a_row_in_every_table(filled: Database) -> None:
    tables = await filled.fetch(
        "SELECT relname::text AS name FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    for table in tables:
        assert await filled.fetchval(f"SELECT count(*) FROM {table['name']}") > 0, table["name"]
    assert min((await rows_of(filled, AN)).values()) > 0


async def test_F_A9_a_changed_user_id_moves_every_row_and_keeps_every_value(
    filled: Database,
) -> None:
    before = await rows_of(filled, AN)
    points = "SELECT sum(points) FROM method_completions"
    earned = await filled.fetchval(points)
    person = await filled.fetchrow("SELECT email, name, created_at FROM users WHERE id = $1", AN)
    await filled.execute("UPDATE users SET id = $2 WHERE id = $1", AN, NEW)
    assert await rows_of(filled, NEW) == before
    assert set((await rows_of(filled, AN)).values()) == {0}
    assert await filled.fetchval(points) == earned
    assert person == await filled.fetchrow(
        "SELECT email, name, created_at FROM users WHERE id = $1", NEW
    )
    assert await filled.fetchval("SELECT user_id FROM user_id_aliases") == NEW


async def test_an_erased_person_leaves_nothing_but_events(filled: Database) -> None:
    await filled.execute("DELETE FROM users WHERE id = $1", AN)
    assert set((await rows_of(filled, AN)).values()) == {0}
    for table in ("program_sessions", "session_methods", "program_goals", "login_codes",
                  "notification_deliveries"):  # fmt: skip
        assert await filled.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await filled.fetchval("SELECT count(*) FROM outbox_events") == 1
    assert await filled.fetchval("SELECT count(*) FROM airtable_links") == 1
    assert await filled.fetchval("SELECT count(*) FROM programs") == 1


async def test_nothing_of_one_person_hangs_on_a_program_or_goal_of_another(
    filled: Database,
) -> None:
    for statement in STRANGE:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await filled.execute(statement)


async def test_a_person_has_one_open_code_of_each_purpose(filled: Database) -> None:
    issue = (
        "INSERT INTO login_codes (user_id, purpose, code_hash, expires_at) "
        "VALUES ($1, $2, 'x', now())"
    )
    await filled.execute(issue, AN, "setup")
    with pytest.raises(asyncpg.UniqueViolationError):
        await filled.execute(issue, AN, "login")
    await filled.execute("UPDATE login_codes SET consumed_at = now()")
    await filled.execute(issue, AN, "login")


async def test_a_login_code_survives_the_session_it_opened(filled: Database) -> None:
    await filled.execute("DELETE FROM auth_sessions")
    assert await filled.fetchval("SELECT session_sid FROM login_codes") is None


async def test_an_email_belongs_to_one_person_whatever_its_letters(filled: Database) -> None:
    create = "INSERT INTO users (id, email, name) VALUES ($1, $2, 'Cis')"
    with pytest.raises(asyncpg.UniqueViolationError):
        await filled.execute(create, "recUserCis0000001", "an@example.test")
    for email in ("Cis@example.test", " cis@example.test", "", "c" * 250 + "@x.be"):
        with pytest.raises(asyncpg.CheckViolationError):
            await filled.execute(create, "recUserCis0000001", email)


async def test_F_A1_only_the_exact_role_admin_makes_an_administrator(filled: Database) -> None:
    for role, expected in (("admin", True), ("Admin", False), ("Deelnemer", False), (None, False)):
        await filled.execute("UPDATE users SET role = $2 WHERE id = $1", AN, role)
        assert await filled.fetchval("SELECT is_admin FROM users WHERE id = $1", AN) is expected
    with pytest.raises(asyncpg.GeneratedAlwaysError):
        await filled.execute("UPDATE users SET is_admin = true WHERE id = $1", AN)
