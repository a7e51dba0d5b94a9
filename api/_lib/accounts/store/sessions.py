"""Opening, finding and ending sessions."""

from datetime import datetime
from uuid import UUID

import msgspec

from api._lib.accounts.model import Session
from api._lib.db import Queries, Transaction

_SESSION = """
sid, user_id, current_jti, previous_jti, previous_jti_until, expires_at, revoked_at, created_at
"""


async def insert_session(
    tx: Transaction,
    user_id: str,
    sid: UUID,
    jti: UUID,
    now: datetime,
    expires_at: datetime,
    family: str | None,
) -> None:
    """Open a session."""
    await tx.execute(
        """INSERT INTO auth_sessions
           (sid, user_id, current_jti, created_at, last_used_at, expires_at, user_agent_family)
           VALUES ($1, $2, $3, $4, $4, $5, $6)""",
        sid,
        user_id,
        jti,
        now,
        expires_at,
        family,
    )


async def lock_session(tx: Transaction, sid: UUID) -> Session | None:
    """A session, held until the transaction ends."""
    row = await tx.fetchrow(f"SELECT {_SESSION} FROM auth_sessions WHERE sid = $1 FOR UPDATE", sid)
    return None if row is None else msgspec.convert(dict(row), Session)


async def update_session(tx: Transaction, session: Session, now: datetime) -> None:
    """Store what a refresh made of a session."""
    await tx.execute(
        """UPDATE auth_sessions SET current_jti = $2, previous_jti = $3, previous_jti_until = $4,
           expires_at = $5, last_used_at = $6 WHERE sid = $1""",
        session.sid,
        session.current_jti,
        session.previous_jti,
        session.previous_jti_until,
        session.expires_at,
        now,
    )


async def revoke_session(q: Queries, sid: UUID, now: datetime) -> None:
    """End a session."""
    await q.execute(
        "UPDATE auth_sessions SET revoked_at = $2 WHERE sid = $1 AND revoked_at IS NULL", sid, now
    )


async def revoke_others(tx: Transaction, user_id: str, kept: UUID, now: datetime) -> None:
    """End all sessions of a person but one."""
    await tx.execute(
        "UPDATE auth_sessions SET revoked_at = $3"
        " WHERE user_id = $1 AND sid <> $2 AND revoked_at IS NULL",
        user_id,
        kept,
        now,
    )
