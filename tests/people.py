"""People for tests: rows of `users` with a session, and the headers that speak for them."""

from datetime import datetime
from itertools import count
from uuid import UUID, uuid4

from msgspec import Struct

from api._lib.accounts import tokens
from api._lib.accounts.rules.sessions import SESSION_LIFE
from api._lib.db import Database

NUMBERS = count(1)
PASSWORD = "Voorbeeld-wachtwoord1"
PASSWORD_HASH = "$2b$12$abcdefghijklmnopqrstuu7hMztsFL1B9bn7mRobgkQct4NVR8g2."
CHEAP_HASH = "$2b$04$abcdefghijklmnopqrstuu0Mb8T6OLYX/54vJ5ODJ9o18UBWinXQi"
"""The same password at the least cost there is."""


class Person(Struct, frozen=True):
    """A user with an open session."""

    id: str
    email: str
    sid: UUID
    jti: UUID
    headers: dict[str, str]


def record_id(prefix: str = "T") -> str:
    """A fresh, valid Airtable record id."""
    return "rec" + f"{prefix}{next(NUMBERS):0{14 - len(prefix)}d}"


async def add_person(
    db: Database,
    secret: str,
    now: datetime,
    *,
    role: str = "Deelnemer",
    status: str = "active",
    language: str | None = "nl",
    password_hash: str | None = PASSWORD_HASH,
    zone: str | None = None,
    email: str | None = None,
) -> Person:
    """Store a user with rewards, a link to Airtable and a session; sign an access token."""
    user_id = record_id("USER")
    sid, jti = uuid4(), uuid4()
    address = email or f"{user_id.lower()}@voorbeeld.test"
    await db.execute(
        """INSERT INTO users (id, email, name, role, language_code, status, password_hash)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        user_id,
        address,
        "An Voorbeeld",
        role,
        language,
        status,
        password_hash,
    )
    await db.execute("INSERT INTO user_rewards (user_id) VALUES ($1)", user_id)
    await db.execute(
        """INSERT INTO airtable_links
           (entity_type, entity_id, airtable_record_id, airtable_table_id)
           VALUES ('user', $1::text, $1::text, 'tbl6i8jw3DNSzcHgE')""",
        user_id,
    )
    if zone:
        await db.execute(
            "INSERT INTO notification_preferences (user_id, timezone) VALUES ($1, $2)",
            user_id,
            zone,
        )
    await db.execute(
        """INSERT INTO auth_sessions (sid, user_id, current_jti, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5)""",
        sid,
        user_id,
        jti,
        now,
        now + SESSION_LIFE,
    )
    token = tokens.issue(secret, "access", user_id, address, now, sid)
    return Person(user_id, address, sid, jti, {"authorization": f"Bearer {token}"})
