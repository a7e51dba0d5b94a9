"""One-time codes: issuing, trying and using them up, each in one statement."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from api._lib.db import Queries, Transaction

# A code that a crash loses is asked for again, but waiting for the disk only where there is
# something to write would tell known addresses from unknown ones (F-A10).
_QUIET = "quiet AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"

# The former code is closed before the new one enters the index of open codes; `closed` is read
# by the insert so that it runs first.
_ISSUE = f"""
WITH {_QUIET}, person AS MATERIALIZED (
    SELECT u.id FROM users AS u
    WHERE u.id = $1 AND u.status = 'active' AND ($2 = 'login' OR u.password_hash IS NULL)
      AND (SELECT count(*) FILTER (WHERE c.created_at > $7) < $9 AND count(*) < $10
           FROM login_codes AS c
           WHERE c.user_id = u.id AND c.purpose = $2 AND c.created_at > $8)
), closed AS (
    UPDATE login_codes AS c SET consumed_at = $5 FROM person
    WHERE c.user_id = person.id AND c.purpose = $2 AND c.consumed_at IS NULL
    RETURNING c.id
), issued AS (
    INSERT INTO login_codes (user_id, purpose, token_hash, code_hash, created_at, expires_at)
    SELECT person.id, $2, $3, $4, $5, $6
    FROM person CROSS JOIN (SELECT count(*) FROM closed) AS first
    ON CONFLICT (user_id, purpose) WHERE consumed_at IS NULL DO NOTHING
    RETURNING id
)
SELECT issued.id FROM quiet LEFT JOIN issued ON true"""

_TRY = f"""
WITH {_QUIET}, tried AS (
    UPDATE login_codes AS c SET failed_attempts = c.failed_attempts + 1
    FROM users AS u
    WHERE lower(u.email) = $1 AND c.user_id = u.id AND c.purpose = $2
      AND c.consumed_at IS NULL AND c.expires_at >= $3 AND c.failed_attempts < $4
    RETURNING c.id, c.user_id::text AS user_id, c.code_hash
)
SELECT tried.* FROM quiet LEFT JOIN tried ON true"""


class Tried(Struct, frozen=True):
    """The code a guess is compared with."""

    id: UUID
    user_id: str
    code_hash: str


class Link(Struct, frozen=True):
    """The row of a link, held until the transaction ends."""

    id: UUID
    expires_at: datetime
    consumed_at: datetime | None
    session_sid: UUID | None


class Issue(Struct, frozen=True, kw_only=True):
    """A code to store, and how many may have been issued since when."""

    user_id: str
    purpose: str
    token_hash: str | None
    code_hash: str
    now: datetime
    expires_at: datetime
    short_since: datetime
    long_since: datetime
    most_short: int
    most_long: int


async def issue(q: Queries, code: Issue) -> UUID | None:
    """Store a code in place of the unused one; nothing for who may not get one (now)."""
    found: UUID | None = await q.fetchval(_ISSUE, *msgspec.structs.astuple(code))
    return found


async def discard(q: Queries, code_id: UUID) -> None:
    """Forget an unused code whose mail did not go out, so that the next request sends again."""
    await q.execute("DELETE FROM login_codes WHERE id = $1 AND consumed_at IS NULL", code_id)


async def attempt(q: Queries, email: str, purpose: str, now: datetime, most: int) -> Tried | None:
    """Count a guess before it is evaluated, so that parallel guesses cannot slip through (F-A4)."""
    row = await q.fetchrow(_TRY, email, purpose, now, most)
    return Tried(**row) if row is not None and row["id"] is not None else None


async def consume(tx: Transaction, code_id: UUID, now: datetime, sid: UUID | None = None) -> bool:
    """Use a code up; only one caller ever gets True (F-A5)."""
    tag = await tx.execute(
        "UPDATE login_codes SET consumed_at = $2, session_sid = $3"
        " WHERE id = $1 AND consumed_at IS NULL",
        code_id,
        now,
        sid,
    )
    return tag == "UPDATE 1"


async def owner_of_link(tx: Transaction, token_hash: str) -> str | None:
    """Whose link it is; their row is locked before the link's, as everywhere."""
    owner: str | None = await tx.fetchval(
        "SELECT user_id::text FROM login_codes WHERE token_hash = $1 AND purpose = 'login'",
        token_hash,
    )
    return owner


async def lock_link(tx: Transaction, token_hash: str) -> Link | None:
    """The row of a link; parallel uses of it wait for each other."""
    row = await tx.fetchrow(
        "SELECT id, expires_at, consumed_at, session_sid FROM login_codes"
        " WHERE token_hash = $1 FOR UPDATE",
        token_hash,
    )
    return None if row is None else Link(**row)
