"""Password hashes: bcrypt in threads of its own, never on the event loop (F-A23)."""

import asyncio
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor

import bcrypt

log = logging.getLogger(__name__)
COST = 12
MOST_BYTES = 72
HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
# Compared when nobody has the address, so that the time tells nothing (F-A10).
NOBODY = "$2b$12$abcdefghijklmnopqrstuu7hMztsFL1B9bn7mRobgkQct4NVR8g2."

# One core stays free for the event loop.
_threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), "bcrypt")


async def matches(password: str, stored: str) -> bool:
    """Whether a password fits a hash; a hash that is none fits nothing."""
    if not HASH.fullmatch(stored):
        log.warning("a password hash is malformed")
        return False
    secret = password.encode()[:MOST_BYTES]
    known = b"$2b$" + stored[4:].encode()
    return await asyncio.get_running_loop().run_in_executor(_threads, bcrypt.checkpw, secret, known)


async def hashed(password: str) -> str:
    """A new hash of a password of at most 72 bytes."""
    loop = asyncio.get_running_loop()
    made = await loop.run_in_executor(_threads, _make, password.encode())
    return made.decode()


def is_hash(stored: str) -> bool:
    """Whether a text has the form of a bcrypt hash."""
    return HASH.fullmatch(stored) is not None


def is_weak(stored: str) -> bool:
    """Whether a hash was made at a lower cost than ours."""
    found = HASH.fullmatch(stored)
    return found is not None and int(found[1]) < COST


def _make(secret: bytes) -> bytes:
    return bcrypt.hashpw(secret, bcrypt.gensalt(COST))
