"""The programs and sessions that completions belong to, held until the transaction ends.

They are locked after the person and before the rewards, as by everything that removes them.
"""

from uuid import UUID

from msgspec import Struct

from api._lib.db import Transaction
from api._lib.tracking.store.ids import either, matching

_PROGRAM = f"""
SELECT p.id AS program_id, NULL::uuid AS session_id
FROM users AS u JOIN programs AS p ON p.user_id = u.id
WHERE u.id = $1 AND p.id = {matching("program", 2)}
FOR KEY SHARE OF u, p"""

_SESSION = f"""
SELECT p.id AS program_id, s.id AS session_id
FROM users AS u
JOIN programs AS p ON p.user_id = u.id
JOIN program_sessions AS s ON s.program_id = p.id
WHERE u.id = $1 AND s.id = {matching("program_schedule", 2)}
FOR KEY SHARE OF u, p, s"""

_SESSION_OF_PROGRAM = f"""
SELECT p.id AS program_id, s.id AS session_id
FROM users AS u
JOIN programs AS p ON p.user_id = u.id
JOIN program_sessions AS s ON s.program_id = p.id
WHERE u.id = $1 AND s.id = {matching("program_schedule", 2)}
  AND p.id = {matching("program", 4)}
FOR KEY SHARE OF u, p, s"""


class Place(Struct, frozen=True):
    """Where in the programs of a person something was done; nowhere is possible."""

    program_id: UUID | None = None
    session_id: UUID | None = None


async def place(
    tx: Transaction, user_id: str, program_id: str | None, session_id: str | None
) -> Place | None:
    """The person's own program and session of these ids; nothing when one is not theirs.

    The program follows from the session; when both are given they must belong together.
    """
    if session_id is None and program_id is None:
        return Place()
    if session_id is None:
        row = await tx.fetchrow(_PROGRAM, user_id, *either(program_id or ""))
    elif program_id is None:
        row = await tx.fetchrow(_SESSION, user_id, *either(session_id))
    else:
        ids = (*either(session_id), *either(program_id))
        row = await tx.fetchrow(_SESSION_OF_PROGRAM, user_id, *ids)
    return None if row is None else Place(row["program_id"], row["session_id"])
