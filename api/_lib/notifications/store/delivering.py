"""SQL of sending: claims with a lease, the last look, notes of every attempt."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from msgspec import Struct, structs

from api._lib.db import Database, Queries, Record, Transaction
from api._lib.notifications.model import Device, Kind
from api._lib.notifications.rules.sending import Due, Ending
from api._lib.notifications.rules.wording import language_of
from api._lib.notifications.rules.zones import zone_of
from api._lib.notifications.store.preferences import COLUMNS, preferences

UNANSWERED = "no answer was stored"
"""Of an attempt that began: until its outcome is stored it counts as delivered (S6)."""

CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM notification_jobs
    WHERE status = 'pending' AND next_attempt_at <= $1 AND fire_at <= $1
    ORDER BY fire_at, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE notification_jobs AS j SET
    status = 'processing', attempt_count = j.attempt_count + 1,
    lease_token = $3, lease_until = now() + make_interval(secs => $4)
FROM due WHERE j.id = due.id
RETURNING j.id, j.attempt_count"""

LOOK = f"""
SELECT j.id, j.user_id::text, j.dedupe_key AS key, j.mode AS kind, j.reminder_date AS day,
       j.fire_at, j.expires_at, j.payload, j.attempt_count AS attempts,
       u.status = 'active' AS is_active, u.language_code, {", ".join(f"p.{n}" for n in COLUMNS)},
       ARRAY(
           SELECT r.end_date FROM programs AS r JOIN program_sessions AS s ON s.program_id = r.id
           WHERE j.mode <> 'personal_goal' AND r.user_id = j.user_id AND r.status <> 'Afgewerkt'
             AND s.session_date = j.reminder_date
             AND (j.session_id IS NULL OR s.id = j.session_id)
             AND EXISTS (
                 SELECT FROM session_methods AS l WHERE l.session_id = s.id AND NOT EXISTS (
                     SELECT FROM method_completions AS c
                     WHERE c.session_id = s.id AND c.method_id = l.method_id))) AS program_ends,
       g.schedule_days AS goal_weekdays,
       ARRAY(SELECT c.completed_on FROM personal_goal_completions AS c
             WHERE c.personal_goal_id = j.personal_goal_id
               AND c.completed_on = j.reminder_date LIMIT 1) AS goal_done_on,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'endpoint', s.endpoint,
               'p256dh', s.p256dh, 'auth', s.auth) ORDER BY s.id), '[]')
        FROM push_subscriptions AS s
        WHERE s.user_id = j.user_id AND s.status = 'active') AS devices,
       ARRAY(SELECT d.subscription_id FROM notification_deliveries AS d
             WHERE d.job_id = j.id AND (d.success OR d.error_message = $2)) AS reached
FROM notification_jobs AS j
JOIN users AS u ON u.id = j.user_id
LEFT JOIN notification_preferences AS p ON p.user_id = j.user_id
LEFT JOIN personal_goals AS g ON g.id = j.personal_goal_id AND g.status = 'Actief'
WHERE j.status = 'processing' AND j.lease_token = $1
ORDER BY j.fire_at, j.id"""

BEGIN = """
INSERT INTO notification_deliveries (job_id, subscription_id, attempted_at, success, error_message)
SELECT j.id, s.id, $4, false, $5
FROM unnest($1::bigint[], $2::bigint[]) AS a(job_id, subscription_id)
JOIN notification_jobs AS j ON j.id = a.job_id AND j.lease_token = $3
JOIN push_subscriptions AS s ON s.id = a.subscription_id
RETURNING id, job_id, subscription_id"""

NOTE = """
UPDATE notification_deliveries AS d
SET success = n.success, status_code = n.status_code, error_message = n.error_message
FROM jsonb_to_recordset($1::jsonb) AS n(
    id bigint, success boolean, status_code smallint, error_message text)
WHERE d.id = n.id"""

END = """
UPDATE notification_jobs AS j SET
    status = e.status, lease_token = NULL, lease_until = NULL, last_error = e.error,
    attempt_count = j.attempt_count - e.uncounted::int,
    next_attempt_at = coalesce(e.next_attempt_at, j.next_attempt_at),
    processed_at = CASE e.status WHEN 'pending' THEN NULL ELSE $3::timestamptz END
FROM jsonb_to_recordset($1::jsonb) AS e(
    id bigint, status text, error text, next_attempt_at timestamptz, uncounted boolean)
WHERE j.id = e.id AND j.status = 'processing' AND j.lease_token = $2"""

# With the attempts used up, one that may have arrived counts as sent.
REAP = """
UPDATE notification_jobs AS j SET
    status = CASE WHEN j.attempt_count < $1 THEN 'pending' WHEN EXISTS (
            SELECT FROM notification_deliveries AS d
            WHERE d.job_id = j.id AND (d.success OR d.error_message = $2))
        THEN 'sent' ELSE 'dead_letter' END,
    lease_token = NULL, lease_until = NULL, last_error = 'the worker was interrupted',
    processed_at = CASE WHEN j.attempt_count < $1 THEN NULL ELSE $3::timestamptz END
WHERE j.id IN (
    SELECT id FROM notification_jobs WHERE status = 'processing' AND lease_until < now()
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)"""


class Claim(Struct, frozen=True):
    """Reminders this process may send as long as its lease lasts: attempts by id."""

    token: UUID
    attempts: Mapping[int, int]


class Attempt(Struct, frozen=True):
    """A note of an attempt, stored before the attempt is made."""

    id: int
    job_id: int
    device_id: int


class Outcome(Struct, frozen=True):
    """How an attempt ended."""

    id: int
    success: bool
    status_code: int | None = None
    error_message: str | None = None


async def claim(db: Queries, size: int, lease_seconds: int, now: datetime) -> Claim:
    """Take up to so many due reminders, the oldest first; nobody else gets them (S1)."""
    token = uuid4()
    rows = await db.fetch(CLAIM, now, size, token, lease_seconds)
    return Claim(token, {row["id"]: row["attempt_count"] for row in rows})


async def look(db: Queries, token: UUID, default_zone: str) -> Sequence[Due]:
    """What is true of claimed reminders right now (S2)."""
    return [_due(row, default_zone) for row in await db.fetch(LOOK, token, UNANSWERED)]


async def begin(
    tx: Transaction, token: UUID, targets: Sequence[tuple[int, int]], now: datetime
) -> Sequence[Attempt]:
    """Note attempts, by reminder and device, before they are made; only these may be made."""
    jobs, devices = [job for job, _ in targets], [device for _, device in targets]
    rows = await tx.fetch(BEGIN, jobs, devices, token, now, UNANSWERED)
    return [Attempt(row["id"], row["job_id"], row["subscription_id"]) for row in rows]


async def note(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """Store how attempts ended."""
    if outcomes:
        await tx.execute(NOTE, [structs.asdict(outcome) for outcome in outcomes])


async def end(q: Queries, token: UUID, endings: Sequence[Ending], now: datetime) -> None:
    """Store what becomes of reminders, of those the lease still covers."""
    if endings:
        await q.execute(END, [structs.asdict(ending) for ending in endings], token, now)


async def reap(db: Database, most_attempts: int, now: datetime) -> int:
    """Let reminders of workers that died wait again; how many."""
    tag = await db.execute(REAP, most_attempts, UNANSWERED, now)
    return int(tag.rpartition(" ")[2])


def _due(row: Record, default_zone: str) -> Due:
    wish = preferences(row)
    return Due(
        **{name: row[name] for name in _AS_THEY_ARE},
        kind=Kind(row["kind"]),
        preferences=wish,
        zone=zone_of(wish.timezone, default_zone),
        language=language_of(row["language_code"]),
        goal_weekdays=row["goal_weekdays"] or (),
        devices=[Device(**device) for device in row["devices"]],
        reached=frozenset(row["reached"]),
    )


_AS_THEY_ARE = (
    *("id", "user_id", "key", "day", "fire_at", "expires_at", "payload", "attempts"),
    *("is_active", "program_ends", "goal_done_on"),
)
