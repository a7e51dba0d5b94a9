"""The figures of reminders in the health answer."""

from datetime import timedelta
from typing import Any

import httpx

from api._lib.db import Database
from tests.notifications.seed import add_user

MONTH, LONG = timedelta(days=30), timedelta(hours=20)

JOB = """
INSERT INTO notification_jobs (user_id, reminder_date, mode, fire_at, next_attempt_at, expires_at,
    dedupe_key, status, lease_token)
SELECT $1, current_date + n, 'daily_summary', now() + $3::interval, now() + $4::interval,
       now() + interval '1 day', gen_random_uuid()::text, $2,
       CASE $2 WHEN 'processing' THEN gen_random_uuid() END
FROM generate_series(1, $5::int) AS n"""


async def figures(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = (await client.get("/api/health")).json()
    found: dict[str, Any] = answer["postgres"]["notifications"]
    return found


async def test_without_reminders_nothing_is_overdue(client: httpx.AsyncClient) -> None:
    assert await figures(client) == {
        "pendingJobs": 0,
        "oldestPendingSeconds": None,
        "dueJobs": 0,
        "processingJobs": 0,
        "deadLetterJobs": 0,
        "skippedQuietHoursJobs": 0,
    }


async def test_F23_only_due_reminders_are_overdue(client: httpx.AsyncClient, db: Database) -> None:
    user = await add_user(db)
    for status, fires, tries, count in (
        ("pending", MONTH, MONTH, 3),
        ("pending", -timedelta(seconds=90), -timedelta(seconds=90), 2),
        ("pending", -LONG, timedelta(minutes=5), 1),
        ("processing", -LONG, -LONG, 4),
        ("dead_letter", -LONG, -LONG, 5),
        ("skipped_quiet_hours", -LONG, -LONG, 6),
        ("sent", -LONG, -LONG, 7),
        ("cancelled", -LONG, -LONG, 8),
    ):
        await db.execute(JOB, user, status, fires, tries, count)
    found = await figures(client)
    assert 90 <= found.pop("oldestPendingSeconds") < 150
    assert found == {
        "pendingJobs": 6,
        "dueJobs": 2,
        "processingJobs": 4,
        "deadLetterJobs": 5,
        "skippedQuietHoursJobs": 6,
    }


async def test_before_the_first_migration_the_figures_are_null(
    client: httpx.AsyncClient, db: Database
) -> None:
    await db.execute("ALTER TABLE notification_jobs RENAME TO not_there_yet")
    assert set((await figures(client)).values()) == {None}
    await db.execute("ALTER TABLE not_there_yet RENAME TO notification_jobs")
