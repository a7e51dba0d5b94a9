"""What the tables of programs and tracking allow, and what a delete leaves."""

from datetime import date
from uuid import UUID

import asyncpg
import pytest

from api._lib.db import Database
from tests.schema.conftest import refused

PROGRAM = UUID("b0000000-0000-4000-8000-000000000001")
SESSION = UUID("c0000000-0000-4000-8000-000000000001")
KEPT = ("method_completions", "belief_completions", "personal_beliefs", "reward_ledger")

REFUSED = (
    ("programs", "end_date = start_date - 1"),
    ("programs", "duration_weeks = 0"),
    ("programs", "status = 'actief'"),
    ("programs", "creation_type = 'manual'"),
    ("method_completions", "points = 0"),
    ("method_completions", "points = 11"),
    ("method_completions", "remark = repeat('x', 5001)"),
    ("method_completions", "request_key = ''"),
    ("method_completions", "request_key = repeat('x', 101)"),
    ("methods", "points_value = 0"),
    ("methods", "points_value = 11"),
    ("methods", "duration_minutes = -1"),
    ("methods", "photo_url = 'https://x'"),
    ("media", "url = 'https://x'"),
    ("goals", "status = 'actief'"),
    ("weekdays", "iso_weekday = 8"),
    ("program_prompts", "prompt_type = 'Anders'"),
    ("translations", "key = ' home'"),
    ("translations", "key = ''"),
    ("personal_goals", "name = ''"),
    ("personal_goals", "name = repeat('x', 201)"),
    ("personal_goals", "description = repeat('x', 1001)"),
    ("personal_goals", "status = 'Klaar'"),
    ("personal_goals", "schedule_days = '{maandag}'"),
    ("personal_goals", "schedule_days = array_fill('Maandag'::text, '{8}')"),
    ("personal_goals", "completed_on = '2026-01-05'"),
    ("personal_beliefs", "name = repeat('x', 201)"),
    ("personal_beliefs", "status = 'Afgerond'"),
    ("user_rewards", "level = 0"),
    ("user_rewards", "level = 11"),
    ("user_rewards", "bonus_points = -1"),
    ("user_rewards", "current_streak = 1"),
    ("reward_ledger", "kind = 'gift'"),
    ("users", "language_code = 'de'"),
    ("users", "status = 'blocked'"),
    ("login_codes", "purpose = 'reset'"),
    ("push_subscriptions", "status = 'paused'"),
    ("push_subscriptions", "endpoint = repeat('x', 2049)"),
    ("push_subscriptions", "user_agent = repeat('x', 513)"),
    ("notification_preferences", "lead_minutes = 1441"),
    ("notification_preferences", "reminder_mode = 'none'"),
    ("notification_jobs", "mode = 'daily_summary'"),
    ("notification_jobs", "status = 'processing'"),
    ("notification_jobs", "lease_token = gen_random_uuid()"),
)
ONCE = (
    "INSERT INTO habit_completions (user_id, habit_id, completed_on) "
    "SELECT user_id, habit_id, completed_on FROM habit_completions",
    "INSERT INTO belief_completions (user_id, belief_id, completed_on) "
    "SELECT user_id, belief_id, completed_on + 1 FROM belief_completions",
    "INSERT INTO reward_ledger (user_id, kind, ref, points) "
    "SELECT user_id, kind, ref, 100 FROM reward_ledger",
    "INSERT INTO session_methods SELECT session_id, method_id, 1 FROM session_methods",
)


async def test_a_deleted_program_leaves_what_was_earned(filled: Database) -> None:
    owners = {table: await filled.fetchval(f"SELECT user_id FROM {table}") for table in KEPT}
    await filled.execute("DELETE FROM programs WHERE id = $1", PROGRAM)
    for table in KEPT:
        row = await filled.fetchrow(f"SELECT user_id, program_id FROM {table}")
        assert row is not None
        assert (row["user_id"], row["program_id"]) == (owners[table], None)
    completion = await filled.fetchrow("SELECT session_id, points FROM method_completions")
    assert tuple(completion or ()) == (None, 7)
    assert await filled.fetchval("SELECT count(*) FROM program_sessions") == 0
    assert await filled.fetchval("SELECT array_agg(mode) FROM notification_jobs") == [
        "personal_goal"
    ]


async def test_a_deleted_session_leaves_its_completions_on_the_program(filled: Database) -> None:
    await filled.execute("DELETE FROM program_sessions WHERE id = $1", SESSION)
    row = await filled.fetchrow("SELECT program_id, session_id FROM method_completions")
    assert tuple(row or ()) == (PROGRAM, None)


async def test_a_deleted_goal_takes_its_completions_and_reminders_along(filled: Database) -> None:
    await filled.execute("DELETE FROM personal_goals WHERE name = 'Lopen'")
    assert await filled.fetchval("SELECT count(*) FROM personal_goal_completions") == 0
    assert await filled.fetchval("SELECT array_agg(mode) FROM notification_jobs") == ["session"]


async def test_content_in_use_cannot_be_deleted(filled: Database) -> None:
    for table in ("methods", "goals", "weekdays", "beliefs", "habits", "companies"):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await filled.execute(f"DELETE FROM {table}")


async def test_programs_from_airtable_may_overlap(filled: Database) -> None:
    await filled.execute(
        "INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label, "
        "status) SELECT user_id, start_date, end_date, duration_weeks, duration_label, status "
        "FROM programs"
    )
    assert await filled.fetchval("SELECT count(*) FROM programs") == 4


async def test_one_day_of_a_program_is_planned_once(filled: Database) -> None:
    plan = "INSERT INTO program_sessions (program_id, session_date, sequence) VALUES ($1, $2, $3)"
    with pytest.raises(asyncpg.UniqueViolationError):
        await filled.execute(plan, PROGRAM, date(2026, 1, 5), 1)
    await filled.execute(plan, PROGRAM, date(2026, 1, 5), 2)
    for _ in range(2):
        await filled.execute(plan, PROGRAM, None, 1)


async def test_values_outside_the_rules_are_refused(filled: Database) -> None:
    for table, change in REFUSED:
        assert await refused(filled, f"UPDATE {table} SET {change}"), change


async def test_the_days_of_a_goal_may_be_unset_or_empty(filled: Database) -> None:
    for days in (None, [], ["Maandag"], ["Zondag", "Maandag"], ["Maandag"] * 7):
        await filled.execute("UPDATE personal_goals SET schedule_days = $1", days)
        assert await filled.fetchval("SELECT schedule_days FROM personal_goals LIMIT 1") == days


async def test_record_ids_have_one_form(db: Database) -> None:
    for value in ("recABCDEFGHIJKL12", "rec00000000000000", "recabcdefghijklmn"):
        assert await db.fetchval("SELECT $1::text::airtable_id", value) == value
        for wrong in (value[:-1], value + "x", value.upper(), "", value + "\n", value[:-1] + "-"):
            with pytest.raises(asyncpg.CheckViolationError):
                await db.fetchval("SELECT $1::text::airtable_id", wrong)


async def test_what_counts_once_cannot_be_stored_twice(filled: Database) -> None:
    for repeat in ONCE:
        with pytest.raises(asyncpg.UniqueViolationError):
            await filled.execute(repeat)
        assert await filled.execute(f"{repeat} ON CONFLICT DO NOTHING") == "INSERT 0 0"


async def test_completions_without_request_key_may_repeat_and_with_one_may_not(
    filled: Database,
) -> None:
    for table, what in (
        ("method_completions", "user_id, method_id, completed_on, points"),
        ("personal_goal_completions", "user_id, personal_goal_id, completed_on"),
    ):
        again = f"INSERT INTO {table} ({what}, request_key) SELECT {what}, $1 FROM {table} LIMIT 1"
        await filled.execute(again, None)
        await filled.execute(again, "key-1")
        with pytest.raises(asyncpg.UniqueViolationError):
            await filled.execute(again, "key-1")


async def test_every_change_moves_updated_at(filled: Database) -> None:
    moved = "SELECT updated_at > created_at FROM programs WHERE id = $1"
    assert await filled.fetchval(moved, PROGRAM) is False
    await filled.execute("UPDATE programs SET notes = 'x' WHERE id = $1", PROGRAM)
    assert await filled.fetchval(moved, PROGRAM) is True
