"""Completions of personal goals in Postgres."""

from datetime import date
from uuid import UUID

from msgspec import Struct

from api._lib.db import Queries, Transaction
from api._lib.tracking.model import GoalCount
from api._lib.tracking.store.ids import either, matching
from api._lib.wire import Key

# $1 user, $2 and $3 goal, $4 day, $5 request key. A replayed key answers for the goal it was
# first used with. The counts see the table as it was, hence the sum with the new row.
_RECORD = f"""
WITH replay AS (
    SELECT id, personal_goal_id FROM personal_goal_completions
    WHERE user_id = $1 AND request_key = $5
), goal AS (
    SELECT id FROM personal_goals
    WHERE user_id = $1 AND id = {matching("personal_goal", 2)} AND status = 'Actief'
    FOR SHARE
), recorded AS (
    INSERT INTO personal_goal_completions (user_id, personal_goal_id, completed_on, request_key)
    SELECT $1, goal.id, $4, $5 FROM goal WHERE NOT EXISTS (SELECT FROM replay)
    RETURNING id, personal_goal_id
), completion AS (
    SELECT id, personal_goal_id, true AS is_new FROM recorded
    UNION ALL
    SELECT id, personal_goal_id, false FROM replay
)
SELECT id, is_new, is_new::int + before.today AS today, is_new::int + before.total AS total
FROM completion CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE completed_on = $4) AS today, count(*) AS total
    FROM personal_goal_completions WHERE personal_goal_id = completion.personal_goal_id
) AS before"""

_COUNTS = """
SELECT personal_goal_id, count(*) FILTER (WHERE completed_on = $2) AS today, count(*) AS total
FROM personal_goal_completions
WHERE user_id = $1
GROUP BY personal_goal_id ORDER BY personal_goal_id"""


class Completion(Struct, frozen=True):
    """A completion, whether it is new, and the counts of its goal that include it."""

    id: UUID
    is_new: bool
    count: GoalCount


async def record(
    tx: Transaction, user_id: str, goal_id: str, day: date, request_key: str | None
) -> Completion | None:
    """Record a completion or find the one it repeats; nothing when no such goal is pursued."""
    row = await tx.fetchrow(_RECORD, user_id, *either(goal_id), day, request_key)
    if row is None:
        return None
    return Completion(row["id"], row["is_new"], GoalCount(row["today"], row["total"]))


async def counts(db: Queries, user_id: str, day: date) -> dict[Key, GoalCount]:
    """How often each goal was completed, on a day and ever."""
    rows = await db.fetch(_COUNTS, user_id, day)
    return {row["personal_goal_id"]: GoalCount(row["today"], row["total"]) for row in rows}
