"""Thousands of people at once, made in few statements."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import httpx

from api._lib.db import Connection
from tests.notifications.seed import PUBLIC, some_device

PEOPLE = """
INSERT INTO users (id, email, name, language_code)
SELECT 'recCROWD' || lpad(n::text, 9, '0'), n || '@menigte.test', 'An',
       (ARRAY['nl', 'fr', 'en'])[1 + n % 3]
FROM generate_series(0, $1::int - 1) AS n"""

DEVICES = """
INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth)
SELECT 'recCROWD' || lpad((d.n - 1)::text, 9, '0'), d.endpoint, d.p256dh, d.auth
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS d(endpoint, p256dh, auth, n)"""

PROGRAMS = """
INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label, status)
SELECT id, $1::date, $1::date + 27, 4, '4 weken', 'Actief' FROM users"""

SESSIONS = """
INSERT INTO program_sessions (program_id, session_date)
SELECT p.id, d.day FROM programs AS p
CROSS JOIN LATERAL generate_series(0, 27, $1::int) AS n
CROSS JOIN LATERAL (SELECT p.start_date + n::int AS day) AS d"""

METHODS = """
INSERT INTO session_methods (session_id, method_id, position)
SELECT s.id, m.id, row_number() OVER (PARTITION BY s.id ORDER BY m.id)
FROM program_sessions AS s CROSS JOIN (SELECT id FROM methods ORDER BY id LIMIT 2) AS m"""

# Due since a minute, of people whose clocks show evening now.
REMINDERS = """
INSERT INTO notification_jobs (user_id, program_id, session_id, reminder_date, mode, fire_at,
    next_attempt_at, expires_at, payload, dedupe_key)
SELECT p.user_id, p.id, s.id, s.session_date, 'session', $1, $1, $1 + interval '3 hours',
       jsonb_build_object('title', 'Hallo', 'body', 'Daar', 'targetUrl', '/',
           'mode', 'session', 'reminderDate', s.session_date),
       'session:' || s.id || ':user:' || p.user_id
FROM program_sessions AS s JOIN programs AS p ON p.id = s.program_id
WHERE s.session_date = $2"""


async def add_crowd(
    connection: Connection,
    count: int,
    first_day: date,
    *,
    every: int,
    devices: Sequence[dict[str, Any]] | None = None,
) -> None:
    """People with a device each and a program of four weeks, with a session every so many days."""
    described = devices or [some_device(1) | {"endpoint": f"https://x/{n}"} for n in range(count)]
    await connection.execute("SET statement_timeout = 0")
    await connection.execute(PEOPLE, count)
    await connection.execute(
        DEVICES,
        [one["endpoint"] for one in described],
        [one["keys"]["p256dh"] for one in described],
        [one["keys"]["auth"] for one in described],
    )
    await connection.execute(PROGRAMS, first_day)
    await connection.execute(SESSIONS, every)
    await connection.execute(METHODS)
    await connection.execute("ANALYZE")
    await connection.execute("RESET statement_timeout")


async def add_due_reminders(connection: Connection, fire_at: datetime, day: date) -> None:
    """The reminders of a day, all due at the same instant."""
    await connection.execute(REMINDERS, fire_at, day)


async def subscribe_many(service_url: str, count: int) -> list[dict[str, Any]]:
    """Devices of a push service that runs as a process of its own."""
    async with httpx.AsyncClient(base_url=service_url, timeout=30) as client:

        async def one() -> dict[str, Any]:
            wish = {"applicationServerKey": PUBLIC}
            answer: dict[str, Any] = (await client.post("/subscriptions", json=wish)).json()
            return answer

        found: list[dict[str, Any]] = []
        while len(found) < count:
            found += await asyncio.gather(*(one() for _ in range(min(50, count - len(found)))))
        return found
