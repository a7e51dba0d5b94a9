"""Personal goals in Postgres."""

from collections.abc import Sequence

from api._lib.db import Queries, Record, Transaction
from api._lib.tracking.model import Goal, GoalStatus
from api._lib.tracking.store.ids import either, matching

_COLUMNS = "id, user_id, name, description, status, schedule_days, completed_on, created_at"

_LIST = f"""
SELECT {_COLUMNS} FROM personal_goals
WHERE user_id = $1 AND status = ANY ($2::text[])
ORDER BY created_at, id"""

_FIND = f"""
SELECT {_COLUMNS} FROM personal_goals
WHERE user_id = $1 AND id = {matching("personal_goal", 2)}
FOR UPDATE"""

_ADD = f"""
INSERT INTO personal_goals (user_id, name, description, schedule_days)
VALUES ($1::text, $2, $3, $4)
RETURNING {_COLUMNS}"""

_SAVE = """
UPDATE personal_goals
SET name = $2, description = $3, status = $4, schedule_days = $5, completed_on = $6
WHERE id = $1"""


async def of_user(db: Queries, user_id: str, statuses: Sequence[GoalStatus]) -> Sequence[Goal]:
    """A person's goals in these states, oldest first."""
    return [_goal(row) for row in await db.fetch(_LIST, user_id, statuses)]


async def count_active(tx: Transaction, user_id: str) -> int:
    """How many goals a person pursues."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM personal_goals WHERE user_id = $1 AND status = 'Actief'", user_id
    )
    return count


async def find(tx: Transaction, user_id: str, goal_id: str) -> Goal | None:
    """An own goal in whatever state, held until the transaction ends."""
    row = await tx.fetchrow(_FIND, user_id, *either(goal_id))
    return None if row is None else _goal(row)


async def add(
    tx: Transaction,
    user_id: str,
    name: str,
    description: str | None,
    schedule_days: Sequence[str] | None,
) -> Goal:
    """Store a new goal."""
    [row] = await tx.fetch(_ADD, user_id, name, description, schedule_days)
    return _goal(row)


async def save(tx: Transaction, goal: Goal) -> None:
    """Store a goal as it is now."""
    await tx.execute(
        _SAVE,
        goal.id,
        goal.name,
        goal.description,
        goal.status,
        goal.schedule_days,
        goal.completed_on,
    )


def _goal(row: Record) -> Goal:
    return Goal(**{**row, "status": GoalStatus(row["status"])})
