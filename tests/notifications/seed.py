"""People with devices, and what they are reminded of."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api._lib.db import Database
from api._lib.push_keys import encoded
from tests.people import record_id
from tests.tracking.seed import add_session

FAR = timedelta(days=60)


def vapid_pair(number: int = 20_260_304) -> tuple[str, str]:
    """A public and a private key as the settings hold them."""
    key = ec.derive_private_key(number, ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encoded(point), encoded(key.private_numbers().private_value.to_bytes(32))


PUBLIC, PRIVATE = vapid_pair()
PUSH_ENVIRON = {
    "WEB_PUSH_VAPID_PUBLIC_KEY": PUBLIC,
    "WEB_PUSH_VAPID_PRIVATE_KEY": PRIVATE,
    "WEB_PUSH_SUBJECT": "mailto:no-reply@app.example.test",
    "WEB_PUSH_ALLOWED_HOSTS": "*",
}


async def add_user(db: Database, language: str | None = "nl", **preferences: Any) -> str:
    """A user, with preferences where any are given."""
    user_id = record_id("REM")
    await db.execute(
        "INSERT INTO users (id, email, name, language_code) VALUES ($1, $2, 'An', $3)",
        user_id,
        f"{user_id.lower()}@voorbeeld.test",
        language,
    )
    if preferences:
        await set_preferences(db, user_id, **preferences)
    return user_id


async def set_preferences(db: Database, user_id: str, **given: Any) -> None:
    """Store preferences, without any check or plan."""
    names = ", ".join(given)
    values = ", ".join(f"${n}" for n in range(2, len(given) + 2))
    updates = ", ".join(f"{name} = excluded.{name}" for name in given)
    await db.execute(
        f"INSERT INTO notification_preferences (user_id, {names}) VALUES ($1, {values})"
        f" ON CONFLICT (user_id) DO UPDATE SET {updates}",
        user_id,
        *given.values(),
    )


async def add_device(
    db: Database, user_id: str, described: Mapping[str, Any], status: str = "active"
) -> int:
    """Store a subscription as a browser describes it."""
    device: int = await db.fetchval(
        "INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth, status)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING id",
        user_id,
        described["endpoint"],
        described["keys"]["p256dh"],
        described["keys"]["auth"],
        status,
    )
    return device


def some_device(number: int = 1) -> dict[str, Any]:
    """A subscription nothing is ever sent to."""
    keys = {"p256dh": vapid_pair(number)[0], "auth": encoded(b"sixteen bytes it")}
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{number}", "keys": keys}


async def add_program(
    db: Database,
    user_id: str,
    sessions: Iterable[tuple[date, Sequence[int]]],
    status: str = "Actief",
    end: date | None = None,
) -> list[UUID]:
    """A program with sessions of the given methods; the ids of the sessions."""
    days = list(sessions)
    first = min(day for day, _ in days)
    program: UUID = await db.fetchval(
        "INSERT INTO programs (user_id, start_date, end_date, duration_weeks, duration_label,"
        " status) VALUES ($1, $2, $3, 4, '4 weken', $4) RETURNING id",
        user_id,
        first,
        end or first + FAR,
        status,
    )
    return [await add_session(db, program, day, methods) for day, methods in days]


async def do_methods(db: Database, session: UUID, count: int | None = None) -> None:
    """Do the methods of a session, or the first few of them."""
    await db.execute(
        "INSERT INTO method_completions (user_id, method_id, program_id, session_id,"
        " completed_on, points) SELECT p.user_id, l.method_id, p.id, s.id, s.session_date, 5"
        " FROM program_sessions AS s JOIN programs AS p ON p.id = s.program_id"
        " JOIN session_methods AS l ON l.session_id = s.id WHERE s.id = $1"
        " ORDER BY l.position LIMIT $2",
        session,
        count,
    )


async def add_goal(
    db: Database, user_id: str, days: Sequence[str] | None, name: str = "Wandelen"
) -> UUID:
    """An active personal goal with its days of the week."""
    goal: UUID = await db.fetchval(
        "INSERT INTO personal_goals (user_id, name, schedule_days) VALUES ($1, $2, $3)"
        " RETURNING id",
        user_id,
        name,
        days,
    )
    return goal


async def do_goal(db: Database, goal: UUID, day: date) -> None:
    """Do a goal on a day."""
    await db.execute(
        "INSERT INTO personal_goal_completions (user_id, personal_goal_id, completed_on)"
        " SELECT user_id, id, $2 FROM personal_goals WHERE id = $1",
        goal,
        day,
    )


async def jobs(db: Database, user_id: str | None = None) -> list[dict[str, Any]]:
    """Stored reminders by instant and identity, of one person or all."""
    rows = await db.fetch(
        "SELECT * FROM notification_jobs WHERE $1::text IS NULL OR user_id = $1"
        " ORDER BY fire_at, dedupe_key",
        user_id,
    )
    return [dict(row) for row in rows]


async def states(db: Database, user_id: str | None = None) -> list[tuple[str, str, str]]:
    """Kind, day and state of stored reminders, by day and kind."""
    found = await jobs(db, user_id)
    return sorted((job["mode"], str(job["reminder_date"])[5:], job["status"]) for job in found)
