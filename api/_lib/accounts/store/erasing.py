"""Everything about a person, counted and removed."""

from msgspec import Struct

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.db import Record, Transaction

_RANKED = [str(kind) for kind in sorted(RANKS, key=lambda kind: (RANKS[kind], kind))]

_COUNTS = """
SELECT (SELECT count(*) FROM login_codes WHERE user_id = $1) AS codes,
       (SELECT count(*) FROM belief_completions WHERE user_id = $1) AS belief_completions,
       (SELECT count(*) FROM habit_completions WHERE user_id = $1) AS habit_completions,
       (SELECT count(*) FROM personal_beliefs WHERE user_id = $1) AS personal_beliefs"""

OWN = """
WITH own AS (
    SELECT 'user' AS entity_type, id::text AS entity_id FROM users WHERE id = $1
    UNION ALL SELECT 'program', id::text FROM programs WHERE user_id = $1
    UNION ALL
    SELECT 'program_schedule', s.id::text
    FROM program_sessions AS s JOIN programs AS p ON p.id = s.program_id WHERE p.user_id = $1
    UNION ALL SELECT 'method_usage', id::text FROM method_completions WHERE user_id = $1
    UNION ALL SELECT 'goede_gewoonte_usage', id::text FROM habit_completions WHERE user_id = $1
    UNION ALL SELECT 'personal_goal', id::text FROM personal_goals WHERE user_id = $1
    UNION ALL
    SELECT 'personal_goal_usage', id::text FROM personal_goal_completions WHERE user_id = $1
    UNION ALL SELECT 'overtuiging_usage', id::text FROM belief_completions WHERE user_id = $1
    UNION ALL SELECT 'persoonlijke_overtuiging', id::text FROM personal_beliefs WHERE user_id = $1
)"""

_THEIRS = "(e.user_id = $1 OR (e.entity_type, e.entity_id) IN (SELECT * FROM own))"

# Everybody locks events in this order: rank, then id.
_HOLD = f"""{OWN}
SELECT e.id FROM outbox_events AS e
WHERE e.status = 'pending' AND {_THEIRS}
ORDER BY array_position($2::text[], e.entity_type::text), e.entity_id COLLATE "C"
FOR UPDATE OF e"""

# Linked records; those whose creation was tried, as their record may exist without a link; and
# those whose deletion was given up.
_REMOTE = f"""{OWN}
SELECT own.entity_type, own.entity_id, l.entity_id IS NOT NULL AS linked
FROM own LEFT JOIN airtable_links AS l USING (entity_type, entity_id)
WHERE own.entity_type = 'user' OR (l.entity_id IS NOT NULL AND l.deleted_at IS NULL)
UNION
SELECT e.entity_type, e.entity_id, false
FROM outbox_events AS e
WHERE {_THEIRS} AND e.operation = 'upsert' AND e.status NOT IN ('processed', 'superseded')
  AND (e.status = 'processing' OR e.first_attempt_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM airtable_links AS l
                  WHERE l.entity_type = e.entity_type AND l.entity_id = e.entity_id)
  AND e.entity_type <> 'user'
UNION
SELECT e.entity_type, e.entity_id, false
FROM outbox_events AS e
WHERE {_THEIRS} AND e.operation = 'delete' AND e.status = 'dead_letter'"""

# A record under a former id must not come back either.
_BURY_ALIASES = """
INSERT INTO sync_tombstones (entity_type, airtable_record_id, entity_id, reason)
SELECT 'user', old_id, user_id, 'erasure' FROM user_id_aliases WHERE user_id = $1
ON CONFLICT (entity_type, airtable_record_id) DO NOTHING"""


class Counts(Struct, frozen=True):
    """Rows that go with a person."""

    codes: int
    belief_completions: int
    habit_completions: int
    personal_beliefs: int


class Remote(Struct, frozen=True):
    """A record in Airtable, or one that may be there."""

    entity_type: EntityType
    entity_id: str
    linked: bool


async def lock(tx: Transaction, user_id: str) -> bool:
    """Hold a person against everything else; whether there is one."""
    row = await tx.fetchrow("SELECT id FROM users WHERE id = $1 FOR UPDATE", user_id)
    return row is not None


async def count(tx: Transaction, user_id: str) -> Counts:
    """What will go with the person."""
    [row] = await tx.fetch(_COUNTS, user_id)
    return Counts(**row)


async def hold_events(tx: Transaction, user_id: str) -> None:
    """Let no worker begin to send anything of the person until this transaction ends."""
    await tx.execute(_HOLD, user_id, _RANKED)


async def remote_records(tx: Transaction, user_id: str) -> list[Remote]:
    """All records of the person that are or may be in Airtable."""
    return [_remote(row) for row in await tx.fetch(_REMOTE, user_id)]


async def bury_aliases(tx: Transaction, user_id: str) -> None:
    """Write tombstones for the former records of the person."""
    await tx.execute(_BURY_ALIASES, user_id)


async def delete(tx: Transaction, user_id: str) -> None:
    """Delete the person; everything they own goes with the row."""
    await tx.execute("DELETE FROM users WHERE id = $1", user_id)


def _remote(row: Record) -> Remote:
    return Remote(EntityType(row["entity_type"]), row["entity_id"], row["linked"])
