"""Reading and changing people."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from api._lib.accounts.model import Account
from api._lib.db import Queries, Record, Transaction

_COLUMNS = """
SELECT u.id, u.email, u.name, u.role, u.language_code, u.status, u.password_hash, u.last_login_on,
       coalesce(u.airtable_created_at, u.created_at) AS created_at, u.sessions_valid_from,
       (SELECT p.timezone FROM notification_preferences p WHERE p.user_id = u.id) AS zone,
       ARRAY(SELECT c.company_id::text FROM user_companies c
             WHERE c.user_id = u.id ORDER BY c.position, c.company_id) AS companies"""
_ACCOUNT = _COLUMNS + "\nFROM users u\n"

# An address or id finds one row; a former id finds its owner only while nobody has it.
_BY_ID = """
WHERE u.id = CASE WHEN EXISTS (SELECT 1 FROM users WHERE id = $1) THEN $1
             ELSE (SELECT user_id FROM user_id_aliases WHERE old_id = $1) END
"""

# Asked with every signed-in request. LATERAL with LIMIT makes it one look by key per person, be
# the tables large or small; arrays inside a SELECT hide their length from the planner, so that it
# plans once and not for every query. Together they are a fifth of the cost of a plain join.
_WITH_SESSIONS = (
    _COLUMNS
    + """,
       asked.place,
       (SELECT s.user_id = u.id AND s.revoked_at IS NULL
        FROM auth_sessions s WHERE s.sid = asked.sid) AS session_is_live
FROM unnest((SELECT $1::text[]), (SELECT $2::uuid[]))
     WITH ORDINALITY AS asked (user_id, sid, place)
CROSS JOIN LATERAL (
    SELECT * FROM users WHERE id = asked.user_id
    UNION ALL
    SELECT owner.* FROM user_id_aliases a JOIN users owner ON owner.id = a.user_id
    WHERE a.old_id = asked.user_id
      AND NOT EXISTS (SELECT FROM users taken WHERE taken.id = asked.user_id)
    LIMIT 1
) AS u"""
)


async def account_by_email(q: Queries, email: str) -> Account | None:
    """The person with an address."""
    return _account(await q.fetchrow(_ACCOUNT + "WHERE lower(u.email) = $1", email))


async def account_by_id(q: Queries, user_id: str) -> Account | None:
    """The person with an id, or with it formerly."""
    return _account(await q.fetchrow(_ACCOUNT + _BY_ID, user_id))


async def lock_account(tx: Transaction, user_id: str) -> Account | None:
    """The person with an id as they are now; the row is held until the transaction ends."""
    sql = _ACCOUNT + "WHERE u.id = $1 FOR NO KEY UPDATE OF u"
    return _account(await tx.fetchrow(sql, user_id))


async def accounts_with_sessions(
    q: Queries, asked: Sequence[tuple[str, UUID | None]]
) -> list[tuple[Account | None, bool]]:
    """For each id and session: the person, and whether the session is theirs and not revoked."""
    rows = await q.fetch(_WITH_SESSIONS, [who for who, _ in asked], [sid for _, sid in asked])
    found = {row["place"]: (_account(row), bool(row["session_is_live"])) for row in rows}
    return [found.get(place, (None, False)) for place in range(1, len(asked) + 1)]


async def set_last_login(tx: Transaction, user_id: str, day: date) -> bool:
    """Store the day of a login; whether it was not stored yet."""
    tag = await tx.execute(
        "UPDATE users SET last_login_on = $2 WHERE id = $1 AND last_login_on IS DISTINCT FROM $2",
        user_id,
        day,
    )
    return tag == "UPDATE 1"


async def set_password_hash(tx: Transaction, user_id: str, stored: str | None) -> bool:
    """Store a new hash, or none; whether the person still exists."""
    tag = await tx.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, stored)
    return tag == "UPDATE 1"


async def set_first_password_hash(tx: Transaction, user_id: str, stored: str) -> bool:
    """Store a hash where there is none; whether there was none."""
    tag = await tx.execute(
        "UPDATE users SET password_hash = $2 WHERE id = $1 AND password_hash IS NULL",
        user_id,
        stored,
    )
    return tag == "UPDATE 1"


async def set_profile(tx: Transaction, user_id: str, name: str, language: str | None) -> None:
    """Store what people may change of themselves."""
    await tx.execute(
        "UPDATE users SET name = $2, language_code = $3 WHERE id = $1", user_id, name, language
    )


async def set_sessions_valid_from(tx: Transaction, user_id: str, moment: datetime) -> None:
    """Refuse tokens without session that were issued before a moment."""
    await tx.execute("UPDATE users SET sessions_valid_from = $2 WHERE id = $1", user_id, moment)


def _account(row: Record | None) -> Account | None:
    if row is None:
        return None
    return Account(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        role=row["role"],
        language_code=row["language_code"],
        status=row["status"],
        password_hash=row["password_hash"],
        last_login_on=row["last_login_on"],
        created_at=row["created_at"],
        sessions_valid_from=row["sessions_valid_from"],
        zone=row["zone"],
        companies=tuple(row["companies"]),
    )
