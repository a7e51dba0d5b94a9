"""One-time secrets: the token of a link and the code of a mail, of which only hashes are kept."""

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from enum import StrEnum

CODE_LIFE = timedelta(minutes=15)
REPEATABLE = timedelta(seconds=60)
"""A link opens its session again for that long: the client reloads itself on a first visit."""

MOST_TRIES = 5
TOKEN = re.compile(r"[0-9a-f]{64}")
NOBODY = "rec00000000000000"
"""Stands in for the id of nobody, so that unknown addresses cause the same work (F-A10)."""


class Purpose(StrEnum):
    """What a one-time secret is good for."""

    LOGIN = "login"
    SETUP = "setup"


def new_token() -> str:
    """A link token: 32 random bytes in hex."""
    return secrets.token_hex(32)


def new_code() -> str:
    """A code of six digits that never begins with 0."""
    return str(100_000 + secrets.randbelow(900_000))


def is_token(text: str) -> bool:
    """Whether a text has the form of a link token, in either case of letters."""
    return TOKEN.fullmatch(text.lower()) is not None


def token_hash(token: str) -> str:
    """What is stored of a link token."""
    return hashlib.sha256(token.lower().encode()).hexdigest()


def code_hash(secret: str, purpose: Purpose, user_id: str, code: str) -> str:
    """What is stored of a code; tied to person and purpose, so that rows cannot be compared."""
    text = f"{purpose}:{user_id}:{code}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def same(given: str, stored: str | None) -> bool:
    """Whether two hashes are equal, in a time that tells nothing; never when there is none."""
    return hmac.compare_digest(given, stored or given) and stored is not None
