"""Deleting programs and sessions; what was done in them stays."""

from collections.abc import Sequence
from uuid import UUID

from api._lib.db import Transaction
from api._lib.wire import Key

# Ids are sent as text: a connection would first have to ask what an array of UUIDs is.
RELEASE = """
UPDATE method_completions SET session_id = NULL
WHERE session_id = ANY ($1::text[]::uuid[]) RETURNING id"""

DELETE_SESSIONS = "DELETE FROM program_sessions WHERE id = ANY ($1::text[]::uuid[])"


async def delete_program(tx: Transaction, program_id: Key) -> list[UUID]:
    """Delete a program with its sessions; the ids of those. Completions stay, without program."""
    gone = await tx.fetch(
        "WITH gone AS (DELETE FROM programs WHERE id = $1)"
        " SELECT id FROM program_sessions WHERE program_id = $1 ORDER BY id",
        program_id,
    )
    return [row["id"] for row in gone]


async def release_completions(tx: Transaction, sessions: Sequence[Key]) -> list[UUID]:
    """Leave the completions of sessions to their program alone; the ids of those (P19)."""
    released = await tx.fetch(RELEASE, list(map(str, sessions)))
    return [row["id"] for row in released]


async def delete_sessions(tx: Transaction, sessions: Sequence[Key]) -> None:
    """Delete sessions with their methods and goals."""
    await tx.execute(DELETE_SESSIONS, list(map(str, sessions)))
