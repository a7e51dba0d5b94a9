"""Beliefs people wrote themselves, in Postgres."""

from collections.abc import Sequence
from uuid import UUID

from api._lib.db import Queries, Record, Transaction
from api._lib.tracking.model import BeliefStatus, PersonalBelief
from api._lib.tracking.store.ids import either, matching
from api._lib.wire import Key

_COLUMNS = "id, user_id, name, program_id, status, completed_on, created_at"

_LIST = f"""
SELECT {_COLUMNS} FROM personal_beliefs
WHERE user_id = $1 AND status <> 'Verwijderd'
ORDER BY created_at, id"""

_FIND = f"""
SELECT {_COLUMNS} FROM personal_beliefs
WHERE user_id = $1 AND id = {matching("persoonlijke_overtuiging", 2)}
FOR UPDATE"""

_ADD = f"""
INSERT INTO personal_beliefs (user_id, name, program_id) VALUES ($1::text, $2, $3)
RETURNING {_COLUMNS}"""

# Moments differ, so that the list keeps the order they were given in. $4 = how many are allowed.
_ADD_ALL = """
INSERT INTO personal_beliefs (user_id, program_id, name, created_at)
SELECT $1::text, $2, given.name, clock_timestamp() + given.n * interval '1 microsecond'
FROM unnest($3::text[]) WITH ORDINALITY AS given(name, n)
WHERE given.n <= $4 - (
    SELECT count(*) FROM personal_beliefs WHERE user_id = $1::text AND status <> 'Verwijderd')
RETURNING id"""


async def of_user(db: Queries, user_id: str) -> Sequence[PersonalBelief]:
    """A person's own beliefs but the deleted ones, oldest first."""
    return [_belief(row) for row in await db.fetch(_LIST, user_id)]


async def count(tx: Transaction, user_id: str) -> int:
    """How many own beliefs a person has, deleted ones left out."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM personal_beliefs WHERE user_id = $1 AND status <> 'Verwijderd'",
        user_id,
    )
    return found


async def find(tx: Transaction, user_id: str, belief_id: str) -> PersonalBelief | None:
    """An own belief in whatever state, held until the transaction ends."""
    row = await tx.fetchrow(_FIND, user_id, *either(belief_id))
    return None if row is None else _belief(row)


async def add(tx: Transaction, user_id: str, name: str, program_id: UUID | None) -> PersonalBelief:
    """Store a new belief."""
    [row] = await tx.fetch(_ADD, user_id, name, program_id)
    return _belief(row)


async def add_all(
    tx: Transaction, user_id: str, program_id: Key, names: Sequence[str], limit: int
) -> list[UUID]:
    """Store new beliefs of a program as far as the limit allows; the ids of those stored."""
    return [row["id"] for row in await tx.fetch(_ADD_ALL, user_id, program_id, names, limit)]


async def save(tx: Transaction, belief: PersonalBelief) -> None:
    """Store a belief as it is now."""
    await tx.execute(
        "UPDATE personal_beliefs SET name = $2, status = $3, completed_on = $4 WHERE id = $1",
        belief.id,
        belief.name,
        belief.status,
        belief.completed_on,
    )


def _belief(row: Record) -> PersonalBelief:
    return PersonalBelief(**{**row, "status": BeliefStatus(row["status"])})
