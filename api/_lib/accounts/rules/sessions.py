"""What a session may become when its refresh token is presented."""

from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from api._lib.accounts.model import Session

SESSION_LIFE = timedelta(days=7)
LONGEST_SESSION = timedelta(days=90)
GRACE = timedelta(seconds=60)


class Refresh(Enum):
    """What to do with a presented refresh token."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REPEAT_PREVIOUS = "repeat previous"
    REVOKE = "revoke"


def decide_refresh(session: Session, jti: UUID | None, issued_at: int, now: datetime) -> Refresh:
    """Tolerate lost answers and parallel tabs; a token that was replaced for good is a theft."""
    if jti == session.current_jti:
        is_young = now.timestamp() - issued_at < GRACE.total_seconds()
        return Refresh.REPEAT if is_young else Refresh.ROTATE
    if jti is not None and jti == session.previous_jti:
        until = session.previous_jti_until
        return Refresh.REPEAT_PREVIOUS if until is None or now <= until else Refresh.REVOKE
    return Refresh.REVOKE


def extended(created_at: datetime, now: datetime) -> datetime:
    """When a session that is used now ends: in 7 days, at most 90 days after it began."""
    return min(now + SESSION_LIFE, created_at + LONGEST_SESSION)


def is_open(session: Session, now: datetime) -> bool:
    """Whether a session is neither revoked nor over."""
    return session.revoked_at is None and session.expires_at > now
