"""Method completions in Postgres."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from api._lib.db import Queries, Record, Transaction
from api._lib.tracking.model import MethodCompletion
from api._lib.tracking.store.ids import either, matching
from api._lib.tracking.store.programs import Place

_COLUMNS = "id, user_id, method_id, program_id, session_id, completed_on, remark, points"

# $1 user, $2 method, $3 program, $4 session, $5 remark, $6 day, $7 request key, $8 now,
# $9 the moment since which an equal completion is a replay, $10 its day at the earliest
_RECORD = f"""
WITH replay AS (
    SELECT {_COLUMNS} FROM method_completions
    WHERE user_id = $1 AND request_key = $7
    UNION ALL
    SELECT {_COLUMNS} FROM method_completions
    WHERE $7::text IS NULL AND user_id = $1 AND completed_on >= $10 AND method_id = $2
      AND program_id IS NOT DISTINCT FROM $3 AND session_id IS NOT DISTINCT FROM $4
      AND created_at > $9
    ORDER BY id LIMIT 1
), recorded AS (
    INSERT INTO method_completions
        (user_id, method_id, program_id, session_id, remark, completed_on, points, request_key,
         created_at)
    SELECT $1, m.id, $3, $4, $5, $6, m.points_value, $7, $8
    FROM methods AS m WHERE m.id = $2 AND NOT EXISTS (SELECT FROM replay)
    RETURNING {_COLUMNS}
)
SELECT true AS is_new, recorded.* FROM recorded
UNION ALL
SELECT false, replay.* FROM replay"""

_REMARK = f"""
UPDATE method_completions SET remark = $2
WHERE user_id = $1 AND id = {matching("method_usage", 3)}
RETURNING {_COLUMNS}"""

_LATEST = f"""
SELECT c.*, m.name AS method_name
FROM programs AS p
LEFT JOIN LATERAL (
    SELECT {_COLUMNS}, created_at FROM method_completions
    WHERE program_id = p.id
    ORDER BY completed_on DESC, created_at DESC, id DESC LIMIT $2
) AS c ON true
LEFT JOIN methods AS m ON m.id = c.method_id
WHERE p.user_id = $1 AND p.id = {matching("program", 3)}
ORDER BY c.completed_on DESC, c.created_at DESC, c.id DESC"""


class NewCompletion(Struct, frozen=True, kw_only=True):
    """A method completion to be recorded; `replays_since` tells which equal one is the same."""

    user_id: str
    method_id: str
    remark: str | None
    day: date
    request_key: str | None
    now: datetime
    replays_since: datetime


async def record(
    tx: Transaction, new: NewCompletion, place: Place | None
) -> tuple[MethodCompletion, bool] | None:
    """Record a completion, or find the one it repeats; nothing when method or place is unknown.

    The points are those of the method at this moment. Tells also whether it is new.
    """
    row = await tx.fetchrow(
        _RECORD,
        new.user_id,
        new.method_id if place else None,  # without a place, only a key can find anything
        place and place.program_id,
        place and place.session_id,
        new.remark,
        new.day,
        new.request_key,
        new.now,
        new.replays_since,
        new.day - timedelta(days=1),  # ten seconds ago it may have been yesterday
    )
    return None if row is None else (_completion(row), row["is_new"])


async def set_remark(
    tx: Transaction, user_id: str, completion_id: str, remark: str
) -> MethodCompletion | None:
    """Change the remark of an own completion; nothing when there is none."""
    row = await tx.fetchrow(_REMARK, user_id, remark, *either(completion_id))
    return None if row is None else _completion(row)


async def latest(
    db: Queries, user_id: str, program_id: str, limit: int
) -> Sequence[MethodCompletion] | None:
    """The newest completions of an own program with their method names; nothing when not own."""
    rows = await db.fetch(_LATEST, user_id, limit, *either(program_id))
    if not rows:
        return None
    return [_completion(row, row["method_name"]) for row in rows if row["id"] is not None]


def _completion(row: Record, method_name: str | None = None) -> MethodCompletion:
    return MethodCompletion(
        id=row["id"],
        user_id=row["user_id"],
        method_id=row["method_id"],
        program_id=row["program_id"],
        session_id=row["session_id"],
        completed_on=row["completed_on"],
        remark=row["remark"],
        points=row["points"],
        method_name=method_name,
    )
