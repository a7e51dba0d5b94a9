"""Storing programs and sessions, each in one statement whatever their number."""

from collections.abc import Sequence

import msgspec

from api._lib.db import Transaction
from api._lib.programs.model import NewSession, Program, Session
from api._lib.wire import Key

LISTS = {
    "days": ("program_days", "weekday_id"),
    "goals": ("program_goals", "goal_id"),
    "methods": ("program_methods", "method_id"),
    "beliefs": ("program_beliefs", "belief_id"),
}


def _entries(number: int, table: str, column: str) -> str:
    return f"""
    INSERT INTO {table} (program_id, {column}, position)
    SELECT $1, id, n - 1 FROM unnest(${number}::text[]) WITH ORDINALITY AS l(id, n)"""


INSERT = f"""
WITH days AS ({_entries(11, *LISTS["days"])}), goals AS ({_entries(12, *LISTS["goals"])}),
     methods AS ({_entries(13, *LISTS["methods"])}), beliefs AS ({_entries(14, *LISTS["beliefs"])})
INSERT INTO programs (id, user_id, name, start_date, end_date, duration_weeks, duration_label,
                      status, creation_type, notes)
VALUES ($1, $2::text, $3, $4, $5, $6, $7, $8, $9, $10)"""

# A list keeps the rows it shares with the new one, so that unchanged entries are not written.
REPLACE = """
WITH gone AS (
    DELETE FROM {table} WHERE program_id = $1 AND {column} <> ALL ($2::text[])
)
INSERT INTO {table} AS l (program_id, {column}, position)
SELECT $1, id, n - 1 FROM unnest($2::text[]) WITH ORDINALITY AS given(id, n)
ON CONFLICT (program_id, {column}) DO UPDATE SET position = excluded.position
WHERE l.position <> excluded.position"""

INSERT_SESSIONS = """
WITH new AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS s(
        id uuid, date date, weekday_id text, description text, methods text[])
), goals AS (
    INSERT INTO session_goals (session_id, goal_id, position)
    SELECT new.id, g.id, g.n - 1 FROM new, unnest($3::text[]) WITH ORDINALITY AS g(id, n)
), methods AS (
    INSERT INTO session_methods (session_id, method_id, position)
    SELECT new.id, m.id, m.n - 1 FROM new, unnest(new.methods) WITH ORDINALITY AS m(id, n)
)
INSERT INTO program_sessions (id, program_id, session_date, weekday_id, description)
SELECT id, $1, date, weekday_id, description FROM new"""

UPDATE_SESSION = """
WITH gone AS (
    DELETE FROM session_methods WHERE session_id = $1 AND method_id <> ALL ($2::text[])
), gone_goals AS (
    DELETE FROM session_goals WHERE session_id = $1 AND goal_id <> ALL ($3::text[])
), methods AS (
    INSERT INTO session_methods AS l (session_id, method_id, position)
    SELECT $1, id, n - 1 FROM unnest($2::text[]) WITH ORDINALITY AS m(id, n)
    ON CONFLICT (session_id, method_id) DO UPDATE SET position = excluded.position
    WHERE l.position <> excluded.position
), goals AS (
    INSERT INTO session_goals AS l (session_id, goal_id, position)
    SELECT $1, id, n - 1 FROM unnest($3::text[]) WITH ORDINALITY AS g(id, n)
    ON CONFLICT (session_id, goal_id) DO UPDATE SET position = excluded.position
    WHERE l.position <> excluded.position
)
UPDATE program_sessions SET description = $4, notes = $5 WHERE id = $1"""


async def insert(tx: Transaction, user_id: str, program: Program, weeks: int) -> None:
    """Store a new program with its lists."""
    await tx.execute(
        INSERT,
        program.id,
        user_id,
        program.name,
        program.start,
        program.end,
        weeks,
        program.duration,
        program.status,
        program.creation_type,
        program.notes,
        program.days,
        program.goals,
        program.methods,
        program.beliefs,
    )


async def update(tx: Transaction, program: Program, weeks: int | None = None) -> None:
    """Store the plain columns of a program; its weeks only when given."""
    await tx.execute(
        "UPDATE programs SET end_date = $2, duration_label = $3, status = $4, notes = $5,"
        " duration_weeks = coalesce($6, duration_weeks) WHERE id = $1",
        program.id,
        program.end,
        program.duration,
        program.status,
        program.notes,
        weeks,
    )


async def replace_list(tx: Transaction, program_id: Key, name: str, ids: Sequence[str]) -> None:
    """Make a list of a program what it should be: `days`, `goals`, `methods` or `beliefs`."""
    table, column = LISTS[name]
    await tx.execute(REPLACE.format(table=table, column=column), program_id, ids)


async def insert_sessions(
    tx: Transaction, program_id: Key, sessions: Sequence[NewSession], goals: Sequence[str]
) -> None:
    """Store sessions, all with the same goals."""
    if sessions:
        await tx.execute(INSERT_SESSIONS, program_id, msgspec.to_builtins(sessions), goals)


async def update_session(tx: Transaction, session: Session) -> None:
    """Store what a session became."""
    await tx.execute(
        UPDATE_SESSION,
        session.id,
        session.methods,
        session.goals,
        session.description,
        session.notes,
    )
