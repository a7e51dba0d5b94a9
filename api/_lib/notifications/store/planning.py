"""SQL of planning, for many people at once (R9)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api._lib.db import Queries, Record, Transaction
from api._lib.notifications.model import (
    Change,
    Plan,
    PlannedSession,
    Recipient,
    Reminder,
    ScheduledGoal,
    Status,
    Stored,
)
from api._lib.notifications.rules.planner import WINDOW_DAYS, session_key
from api._lib.notifications.rules.transitions import OPEN, PLANNABLE
from api._lib.notifications.rules.wording import language_of
from api._lib.notifications.rules.zones import zone_of
from api._lib.notifications.store.preferences import COLUMNS, preferences

Days = Mapping[str, date]
"""By person, the day it is at their place."""

_OPEN = [str(status) for status in OPEN]
_PLANNABLE = [str(status) for status in PLANNABLE]

# In one order, so that two planners never wait for each other.
LOCK = """
SELECT pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended('notifications:' || id, 0) AS key
    FROM unnest($1::text[]) AS p(id) ORDER BY key) AS ordered"""

RECIPIENTS = f"""
SELECT u.id::text AS user_id, u.status = 'active' AS is_active, u.language_code,
       EXISTS (SELECT FROM push_subscriptions AS s
               WHERE s.user_id = u.id AND s.status = 'active') AS has_device,
       {", ".join(f"p.{name}" for name in COLUMNS)}
FROM users AS u LEFT JOIN notification_preferences AS p ON p.user_id = u.id
WHERE u.id = ANY($1::text[])"""

SESSIONS = """
SELECT p.user_id::text, s.id, p.id AS program_id, s.session_date AS day,
       p.end_date AS program_ends, m.planned, m.done
FROM unnest($1::text[], $2::date[]) AS w(user_id, today)
JOIN programs AS p ON p.user_id = w.user_id
    AND p.status <> 'Afgewerkt' AND p.end_date >= w.today
JOIN program_sessions AS s ON s.program_id = p.id
    AND s.session_date >= w.today AND s.session_date < w.today + $3::int
CROSS JOIN LATERAL (
    SELECT count(*) AS planned, count(*) FILTER (WHERE EXISTS (
        SELECT FROM method_completions AS c
        WHERE c.session_id = s.id AND c.method_id = l.method_id)) AS done
    FROM session_methods AS l WHERE l.session_id = s.id) AS m
ORDER BY s.session_date, s.id"""

GOALS = """
SELECT g.user_id::text, g.id, g.name, g.schedule_days AS weekdays,
       ARRAY(SELECT c.completed_on FROM personal_goal_completions AS c
             WHERE c.personal_goal_id = g.id
               AND c.completed_on >= w.today AND c.completed_on < w.today + $3::int) AS done_on
FROM unnest($1::text[], $2::date[]) AS w(user_id, today)
JOIN personal_goals AS g ON g.user_id = w.user_id
    AND g.status = 'Actief' AND g.schedule_days IS NOT NULL
ORDER BY g.created_at, g.id"""

# A session that was moved to another day keeps its reminder.
STORED = """
SELECT user_id::text, id, dedupe_key, status, reminder_date, fire_at, expires_at, payload
FROM unnest($1::text[], $2::date[]) AS w(who, today)
JOIN notification_jobs AS j ON j.user_id = w.who AND j.reminder_date >= w.today
UNION ALL
SELECT j.user_id::text, id, dedupe_key, status, reminder_date, fire_at, expires_at, payload
FROM unnest($3::text[]) AS k(key)
JOIN notification_jobs AS j ON j.dedupe_key = k.key
JOIN unnest($1::text[], $2::date[]) AS w(who, today) ON w.who = j.user_id
WHERE j.reminder_date < w.today"""

INSERT = """
INSERT INTO notification_jobs (user_id, program_id, session_id, personal_goal_id, reminder_date,
    mode, fire_at, next_attempt_at, expires_at, payload, dedupe_key, status, processed_at)
SELECT user_id, program_id, session_id, personal_goal_id, day, kind, fire_at, fire_at, expires_at,
       payload, key, status, CASE status WHEN 'skipped_quiet_hours' THEN $2::timestamptz END
FROM jsonb_to_recordset($1::jsonb) AS r(
    user_id text, program_id uuid, session_id uuid, personal_goal_id uuid, day date, kind text,
    fire_at timestamptz, expires_at timestamptz, payload jsonb, key text, status text)
ON CONFLICT (dedupe_key) DO NOTHING"""

# A row somebody holds is being sent or deleted: in both cases not ours to change.
UPDATE = """
WITH wish AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(
        id bigint, status text, day date, fire_at timestamptz, expires_at timestamptz,
        payload jsonb)
), free AS MATERIALIZED (
    SELECT j.id FROM notification_jobs AS j JOIN wish USING (id)
    WHERE j.status = ANY($3::text[]) ORDER BY j.id FOR NO KEY UPDATE OF j SKIP LOCKED
)
UPDATE notification_jobs AS j SET
    status = w.status,
    reminder_date = coalesce(w.day, j.reminder_date),
    fire_at = coalesce(w.fire_at, j.fire_at),
    expires_at = coalesce(w.expires_at, j.expires_at),
    payload = coalesce(w.payload, j.payload),
    attempt_count = CASE WHEN w.fire_at IS NULL OR (j.status = 'pending' AND w.fire_at = j.fire_at)
        THEN j.attempt_count ELSE 0 END,
    next_attempt_at = CASE
        WHEN w.fire_at IS NULL THEN j.next_attempt_at
        WHEN j.status = 'pending' AND w.fire_at = j.fire_at
            THEN greatest(j.next_attempt_at, w.fire_at)
        ELSE w.fire_at END,
    last_error = CASE w.status WHEN 'pending' THEN
        CASE WHEN j.status = 'pending' THEN j.last_error END ELSE j.last_error END,
    processed_at = CASE w.status WHEN 'pending' THEN NULL ELSE $2::timestamptz END
FROM wish AS w JOIN free USING (id) WHERE j.id = w.id"""

CANCEL_OPEN = """
UPDATE notification_jobs SET status = 'cancelled', processed_at = now()
WHERE user_id = ANY($1::text[]) AND status = ANY($2::text[])"""

# Whoever could receive, and whoever no longer can but has reminders waiting (F18, F19).
EVERYBODY = """
SELECT user_id::text FROM push_subscriptions WHERE status = 'active'
UNION
SELECT user_id::text FROM notification_jobs WHERE status = 'pending'
ORDER BY user_id"""


async def lock(tx: Transaction, user_ids: Sequence[str]) -> None:
    """Let nobody else plan for these people until the transaction ends (F12)."""
    await tx.execute(LOCK, user_ids)


async def everybody(q: Queries) -> Sequence[str]:
    """Ids of all people a reconcile has to look at."""
    return [row["user_id"] for row in await q.fetch(EVERYBODY)]


async def recipients(
    tx: Transaction, user_ids: Sequence[str], default_zone: str
) -> Sequence[Recipient]:
    """The people of these ids, as far as there are any."""
    return [_recipient(row, default_zone) for row in await tx.fetch(RECIPIENTS, user_ids)]


async def sessions(tx: Transaction, days: Days) -> Mapping[str, Sequence[PlannedSession]]:
    """By person, the sessions of the window, those that are done included."""
    rows = await tx.fetch(SESSIONS, list(days), list(days.values()), WINDOW_DAYS)
    return _by_user(rows, PlannedSession)


async def goals(tx: Transaction, days: Days) -> Mapping[str, Sequence[ScheduledGoal]]:
    """By person, the active goals that are planned on some day."""
    rows = await tx.fetch(GOALS, list(days), list(days.values()), WINDOW_DAYS)
    return _by_user(rows, ScheduledGoal)


async def stored(
    tx: Transaction, days: Days, wanted: Sequence[Reminder]
) -> Mapping[str, Sequence[Stored]]:
    """By person, what the table holds from today on, and of any day for the wanted sessions."""
    keys = [session_key(r.session_id, r.user_id) for r in wanted if r.session_id]
    found: dict[str, list[Stored]] = defaultdict(list)
    for row in await tx.fetch(STORED, list(days), list(days.values()), keys):
        found[row["user_id"]].append(_stored(row))
    return found


async def write(tx: Transaction, plan: Plan, now: datetime) -> int:
    """Store what a plan changes, in two statements; how many rows changed.

    New rows come first: the keys they need are then taken before any row is held.
    """
    written = 0
    if plan.new:
        written += _count(await tx.execute(INSERT, [_new(r) for r in plan.new], now))
    if plan.changes:
        rows = [_changed(change) for change in plan.changes]
        written += _count(await tx.execute(UPDATE, rows, now, _PLANNABLE))
    return written


async def cancel_open(tx: Transaction, user_ids: Sequence[str]) -> int:
    """Cancel everything that waits for these people; how many rows."""
    return _count(await tx.execute(CANCEL_OPEN, user_ids, _OPEN))


def _recipient(row: Record, default_zone: str) -> Recipient:
    wish = preferences(row)
    return Recipient(
        user_id=row["user_id"],
        is_active=row["is_active"],
        has_device=row["has_device"],
        language=language_of(row["language_code"]),
        zone=zone_of(wish.timezone, default_zone),
        preferences=wish,
    )


def _by_user(rows: Sequence[Record], shape: type[Any]) -> Mapping[str, Sequence[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row["user_id"]].append(shape(*(row[name] for name in shape.__struct_fields__)))
    return found


def _stored(row: Record) -> Stored:
    return Stored(
        id=row["id"],
        key=row["dedupe_key"],
        status=Status(row["status"]),
        day=row["reminder_date"],
        fire_at=row["fire_at"],
        expires_at=row["expires_at"],
        payload=row["payload"],
    )


def _new(reminder: Reminder) -> dict[str, object]:
    return _facts(reminder) | {
        "user_id": reminder.user_id,
        "kind": reminder.kind,
        "key": reminder.key,
        "status": reminder.status,
        "program_id": _text(reminder.program_id),
        "session_id": _text(reminder.session_id),
        "personal_goal_id": _text(reminder.personal_goal_id),
    }


def _changed(change: Change) -> dict[str, object]:
    facts = _facts(change.reminder) if change.reminder else {}
    return {"id": change.id, "status": change.status} | facts


def _facts(reminder: Reminder) -> dict[str, object]:
    return {
        "day": reminder.day,
        "fire_at": reminder.fire_at,
        "expires_at": reminder.expires_at,
        "payload": reminder.payload,
    }


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _count(tag: str) -> int:
    return int(tag.rpartition(" ")[2])
