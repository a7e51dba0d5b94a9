"""`python tasks/rewards_recalculate.py`, run against a real Postgres."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api._lib.db import Database
from api._lib.rewards import service as rewards
from tests.people import add_person
from tests.tasks import running
from tests.tasks.running import Done
from tests.tracking.seed import add_content, add_program

TODAY = datetime.now(UTC).date()


async def start(url: str, *arguments: str, python: str = "") -> Process:
    environ = {**os.environ, "DATABASE_URL": url}
    return await running.start("rewards_recalculate.py", environ, *arguments, python=python)


async def run(url: str, *arguments: str, python: str = "") -> Done:
    return await running.ended(await start(url, *arguments, python=python))


async def add(db: Database, sessions: int = 8) -> str:
    """Somebody with a streak of sessions done on time, not yet counted."""
    person = await add_person(
        db, "a secret as long as secrets must be", datetime(2026, 1, 1, tzinfo=UTC)
    )
    days = [TODAY - timedelta(days=2 + n) for n in range(sessions)]
    _, ids = await add_program(db, person.id, days[-1], [(day, [0]) for day in days])
    for session, day in zip(ids, days, strict=True):
        await did(db, person.id, day, session)
    return person.id


async def did(db: Database, user_id: str, day: date, session: Any = None) -> None:
    await db.execute(
        "INSERT INTO method_completions (user_id, method_id, session_id, completed_on, points)"
        " VALUES ($1, 'recMeth0000000000', $2, $3, 8)",
        user_id,
        session,
        day,
    )


async def stored(db: Database, user_id: str) -> dict[str, Any]:
    row = await db.fetchrow("SELECT * FROM user_rewards WHERE user_id = $1", user_id)
    assert row is not None
    return dict(row)


async def test_everything_is_recounted_and_counts_as_told(db: Database, database_url: str) -> None:
    await add_content(db)
    ann = await add(db)
    done = await run(database_url, python=sys.executable)
    assert (done.code, done.out.strip()) == (0, "1 updated, 0 unchanged, 0 failed"), done.err
    row = await stored(db, ann)
    assert (row["current_streak"], row["longest_streak"], row["level"]) == (8, 8, 2)
    assert (row["total_points"], row["bonus_points"]) == (89, 25)
    entries = await db.fetch("SELECT kind, ref, announced_at FROM reward_ledger ORDER BY id")
    assert all(entry["announced_at"] for entry in entries)
    assert {"eerste_sessie", "eerste_streak", "7", "2"} <= {entry["ref"] for entry in entries}
    events = await db.fetch("SELECT entity_id, priority FROM outbox_events")
    assert [tuple(event) for event in events] == [(ann, 5)]


async def test_a_second_run_changes_nothing(db: Database, database_url: str) -> None:
    await add_content(db)
    await add(db)
    await run(database_url)
    before = await db.fetch("SELECT *, xmin::text FROM user_rewards")
    again = await run(database_url)
    assert again.out.strip() == "0 updated, 1 unchanged, 0 failed"
    assert await db.fetch("SELECT *, xmin::text FROM user_rewards") == before


async def test_a_level_of_older_rules_is_kept(db: Database, database_url: str) -> None:
    await add_content(db)
    ann = await add(db)
    await db.execute("UPDATE user_rewards SET level = 6")
    await run(database_url)
    assert (await stored(db, ann))["level"] == 6


async def test_a_dry_run_only_tells(db: Database, database_url: str) -> None:
    await add_content(db)
    ann = await add(db)
    done = await run(database_url, "--dry-run")
    assert done.out.splitlines() == [
        f"{ann} would change",
        "1 would be updated, 0 unchanged, 0 failed",
    ]
    assert (await stored(db, ann))["total_points"] == 0
    assert await db.fetchval("SELECT count(*) FROM reward_ledger") == 0


async def test_one_person_can_be_named(db: Database, database_url: str) -> None:
    await add_content(db)
    ann, bob = await add(db), await add(db)
    done = await run(database_url, "--user-id", bob)
    assert (done.code, done.out.strip()) == (0, "1 updated, 0 unchanged, 0 failed")
    assert (await stored(db, ann))["total_points"] == 0
    unknown = await run(database_url, "--user-id", "recUnknown0000001")
    assert unknown.code == 1
    assert "recUnknown0000001" in unknown.err
    unset = await run(database_url, "--user-id", "")
    assert unset.code == 1  # an empty variable does not mean everybody
    assert (await stored(db, ann))["total_points"] == 0


async def test_a_run_goes_on_where_it_was_interrupted(db: Database, database_url: str) -> None:
    await add_content(db)
    first, second, third = [await add(db) for _ in range(3)]
    async with db.transaction() as tx:
        await rewards.lock(tx, second)
        process = await start(database_url)
        deadline = asyncio.get_running_loop().time() + 20
        while (await stored(db, first))["total_points"] == 0:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode == 130
    assert f"--after {first}" in err.decode()
    assert out.decode().strip() == "1 updated, 0 unchanged, 0 failed"
    rest = await run(database_url, "--after", first)
    assert rest.out.strip() == "2 updated, 0 unchanged, 0 failed"
    assert (await stored(db, third))["total_points"] == 89


async def test_only_one_runs_at_a_time(db: Database, database_url: str) -> None:
    async with rewards.alone(db):
        done = await run(database_url)
    assert done.code == 3
    assert "running" in done.err


async def test_a_person_that_fails_is_counted(db: Database, database_url: str) -> None:
    await add_content(db)
    ann, _ = await add(db), await add(db)
    await db.execute(f"ALTER TABLE user_rewards ADD CHECK (user_id <> '{ann}' OR total_points = 0)")
    done = await run(database_url)
    assert (done.code, done.out.strip()) == (1, "1 updated, 0 unchanged, 1 failed")
    assert ann in done.err


async def test_wrong_arguments_and_settings_end_with_4(database_url: str) -> None:
    assert (await run(database_url, "--what")).code == 4
    assert (await run(database_url, "--user-id", "recA", "--after", "recB")).code == 4
    assert (await run("")).code == 4


async def test_without_a_database_it_says_so() -> None:
    done = await run("postgres://nobody@127.0.0.1:9/none")
    assert done.code == 1
    assert "cannot be reached" in done.err
