"""Reading programs and sessions."""

from api._lib.db import Queries, Transaction
from api._lib.programs.contracts import Held
from api._lib.programs.model import Program, Session
from api._lib.programs.rules.progress import Progress, progress
from api._lib.programs.store import rows
from api._lib.programs.store.sql import DONE, IS_DRAFT, OWN_PROGRAM, PROGRAM, SESSION
from api._lib.wire import Key

# Completions without session count directly; those of a session only for its planned methods.
_DIRECT = """(
    SELECT count(*) FROM method_completions AS c
    WHERE c.program_id = p.id AND c.session_id IS NULL)"""

# Counts travel as JSON: a connection would first have to ask what an array of integers is.
LIST = f"""
SELECT {PROGRAM}, {_DIRECT} AS direct, coalesce(session.counts, '[]') AS counts
FROM programs AS p
CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(planned, done)) AS counts
    FROM (
        SELECT count(m.method_id) AS planned,
               count(*) FILTER (WHERE EXISTS (
                    SELECT FROM method_completions AS c
                    WHERE c.session_id = s.id AND c.method_id = m.method_id)) AS done
        FROM program_sessions AS s LEFT JOIN session_methods AS m ON m.session_id = s.id
        WHERE s.program_id = p.id GROUP BY s.id
    ) AS one
) AS session
WHERE p.user_id = $1
ORDER BY p.start_date DESC, p.created_at DESC, p.id DESC"""

ONE = f"SELECT {PROGRAM}, {_DIRECT} AS direct FROM programs AS p WHERE {OWN_PROGRAM}"

HOLD = f"""
SELECT {PROGRAM}, {IS_DRAFT} AS is_draft,
       EXISTS (SELECT FROM program_sessions AS s WHERE s.program_id = p.id) AS has_sessions
FROM programs AS p WHERE {OWN_PROGRAM}"""

SESSIONS = f"""
SELECT {SESSION} FROM program_sessions AS s {DONE}
WHERE s.program_id = $1
ORDER BY s.session_date NULLS LAST, s.sequence, s.id"""

# $4 and $5 the session as UUID or Airtable record id
ONE_SESSION = f"""
SELECT s.program_id, {SESSION}
FROM program_sessions AS s JOIN programs AS p ON p.id = s.program_id {DONE}
WHERE {OWN_PROGRAM} AND s.id = coalesce($4, (
    SELECT l.entity_id::uuid FROM airtable_links AS l
    WHERE l.entity_type = 'program_schedule' AND l.airtable_record_id = $5))"""

RECENT = """
SELECT method_id::text FROM method_completions
WHERE program_id = $1
ORDER BY completed_on DESC, created_at DESC, id DESC LIMIT $2"""


async def programs_of(db: Queries, user_id: str) -> list[tuple[Program, Progress]]:
    """A user's programs, newest first, each with how far it is."""
    found = await db.fetch(LIST, user_id)
    return [(rows.program(row), progress(row["counts"], row["direct"])) for row in found]


async def find(db: Queries, user_id: str, program_id: str) -> tuple[Program, int] | None:
    """A user's program and its number of completions without session."""
    row = await db.fetchrow(ONE, user_id, *rows.identified(program_id))
    return (rows.program(row), row["direct"]) if row else None


async def hold(tx: Transaction, user_id: str, program_id: str) -> Held | None:
    """A user's program, kept from changing until the transaction ends; hold the user first."""
    return await _hold(tx, f"{HOLD} FOR NO KEY UPDATE OF p", user_id, program_id)


async def hold_alone(tx: Transaction, user_id: str, program_id: str) -> Held | None:
    """Like `hold`, before the program or sessions go: nobody records activity there meanwhile."""
    return await _hold(tx, f"{HOLD} FOR UPDATE OF p", user_id, program_id)


async def _hold(tx: Transaction, sql: str, user_id: str, program_id: str) -> Held | None:
    row = await tx.fetchrow(sql, user_id, *rows.identified(program_id))
    return Held(rows.program(row), row["is_draft"], row["has_sessions"]) if row else None


async def sessions_of(db: Queries, program_id: Key) -> list[Session]:
    """The sessions of a program by date, undated ones last."""
    return [rows.session(row) for row in await db.fetch(SESSIONS, program_id)]


async def find_session(
    db: Queries, user_id: str, program_id: str, session_id: str
) -> tuple[Key, Session] | None:
    """A session of a user's program, with the id of the program."""
    arguments = (*rows.identified(program_id), *rows.identified(session_id))
    row = await db.fetchrow(ONE_SESSION, user_id, *arguments)
    return (row["program_id"], rows.session(row)) if row else None


async def latest_methods(db: Queries, program_id: Key, limit: int) -> list[str]:
    """Methods last done in a program, newest first, each once."""
    found = await db.fetch(RECENT, program_id, 4 * limit)
    return list(dict.fromkeys(row["method_id"] for row in found))[:limit]
