"""Password hashes: bcrypt in threads of its own, never on the event loop (F-A23)."""

import asyncio
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from api._lib.errors import ApiError, bad_request

log = logging.getLogger(__name__)
COST = 12
HIGHEST_COST = 15
"""A hash that costs more would hold a thread for minutes."""

MOST_BYTES = 72
HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
NOBODY = "$2b$12$abcdefghijklmnopqrstuu7hMztsFL1B9bn7mRobgkQct4NVR8g2."
"""Compared when nobody has the address, so that the time tells nothing (F-A10)."""

# One core stays free for the event loop.
_threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), "bcrypt")


async def matches(password: str, stored: str) -> bool:
    """Whether a password fits a hash; a hash that is none fits nothing, in the same time."""
    cost = _cost(stored)
    if cost is None:
        log.warning("a password hash is malformed")
    known = stored if cost is not None else NOBODY
    work = (password.encode()[:MOST_BYTES], known, cost or COST)
    is_right = await asyncio.get_running_loop().run_in_executor(_threads, _compare, *work)
    return is_right and cost is not None


async def hashed(password: str) -> str:
    """A new hash of a password; what exceeds 72 bytes is cut, as it is when comparing."""
    loop = asyncio.get_running_loop()
    made = await loop.run_in_executor(_threads, _make, password.encode()[:MOST_BYTES])
    return made.decode()


def is_hash(stored: str) -> bool:
    """Whether a text has the form of a bcrypt hash."""
    return _cost(stored) is not None


def is_weak(stored: str) -> bool:
    """Whether a hash was made at a lower cost than ours."""
    return (_cost(stored) or COST) < COST


def objection(password: str, email: str) -> ApiError | None:
    """Why a new password will not do."""
    if len(password.encode()) > MOST_BYTES:
        return bad_request("password_too_long", limit=MOST_BYTES)
    if password.strip().lower() == email:
        return bad_request("password_is_address")
    return None


def _cost(stored: str) -> int | None:
    found = HASH.fullmatch(stored)
    cost = int(found[1]) if found else 0
    return cost if 4 <= cost <= HIGHEST_COST else None


def _compare(secret: bytes, stored: str, cost: int) -> bool:
    if bcrypt.checkpw(secret, _with_cost(stored, cost)):
        return True
    # Cheap hashes would give themselves away: c + c + (c+1) + … + 11 is the work of cost 12.
    for missing in range(cost, COST):
        bcrypt.checkpw(secret, _with_cost(NOBODY, missing))
    return False


def _with_cost(stored: str, cost: int) -> bytes:
    """A hash under the one prefix that the library takes for all of its kind."""
    return f"$2b${cost:02d}{stored[6:]}".encode()


def _make(secret: bytes) -> bytes:
    return bcrypt.hashpw(secret, bcrypt.gensalt(COST))
