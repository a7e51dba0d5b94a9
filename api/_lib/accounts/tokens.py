"""Access and refresh tokens: HS256 only, both times and the kind required (F-A18)."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import jwt
from msgspec import Struct

ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=7)
TOLERANCE_SECONDS = 5
LONGEST_TOKEN = 4_096

# Times are looked at by our clock and on every use; claims that we do not know are ignored.
OPTIONS: Any = {"require": ["exp", "iat"]} | dict.fromkeys(
    ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_sub", "verify_jti"), False
)

Kind = Literal["access", "refresh"]


class Claims(Struct, frozen=True):
    """What a verified token says."""

    user_id: str
    kind: str
    issued_at: int
    expires_at: int
    sid: UUID | None
    jti: UUID | None


def issue(
    secret: str,
    kind: Kind,
    user_id: str,
    email: str,
    now: datetime,
    sid: UUID,
    jti: UUID | None = None,
) -> str:
    """A signed token of a session."""
    life = ACCESS_LIFE if kind == "access" else REFRESH_LIFE
    claims: dict[str, Any] = {
        "userId": user_id,
        "email": email,
        "typ": kind,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
        "sid": str(sid),
    }
    if jti is not None:
        claims["jti"] = str(jti)
    return jwt.encode(claims, secret, algorithm="HS256")


def verify(secret: str, kind: Kind, token: str, now: datetime) -> Claims | None:
    """The claims of a valid token of this kind, or nothing."""
    claims = _checked(secret, token)
    if claims is None or claims.kind != kind:
        return None
    seconds = now.timestamp()
    if seconds > claims.expires_at + TOLERANCE_SECONDS:
        return None
    return claims if claims.issued_at <= seconds + TOLERANCE_SECONDS else None


def _checked(secret: str, token: str) -> Claims | None:
    try:
        return _claims(secret, token) if len(token) <= LONGEST_TOKEN else None
    except (jwt.InvalidTokenError, ValueError):
        return None


# A signature once found good stays good, so a token is verified once; its times are looked at
# on every use. Only tokens of ours are remembered: anybody can send others, long and without end.
@lru_cache(maxsize=20_000)
def _claims(secret: str, token: str) -> Claims:
    payload = jwt.decode(token, secret, algorithms=["HS256"], options=OPTIONS)
    user_id, kind = payload.get("userId"), payload.get("typ")
    times = payload.get("iat"), payload.get("exp")
    if not (isinstance(user_id, str) and user_id and isinstance(kind, str)):
        raise ValueError("a token names its person and its kind")
    if not all(isinstance(time, int | float) for time in times):
        raise ValueError("a token has two times")
    issued, expires = (int(time or 0) for time in times)
    sid, jti = (_uuid(payload.get(name)) for name in ("sid", "jti"))
    return Claims(user_id, kind, issued, expires, sid, jti)


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text)) if text else None
    except ValueError:
        return None
