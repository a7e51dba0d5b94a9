"""Events that cannot be delivered: kept until somebody decides, or until it makes sense again."""

from uuid import UUID

from api._lib.db import Database
from api._lib.sync.rules import ErrorClass

LONGEST_MESSAGE = 1_000


async def bury(
    db: Database,
    token: UUID,
    event_id: int,
    error_class: ErrorClass,
    message: str,
    http_status: int | None = None,
    quiet_seconds: float = 0.0,
) -> bool:
    """End an event as a dead letter; False when its lease was lost and somebody else has it.

    `quiet_seconds`: for so long nothing else of the record is sent, as its request may still be
    carried out.
    """
    text = message[:LONGEST_MESSAGE]
    return bool(
        await db.fetchval(BURY, event_id, token, error_class, text, http_status, quiet_seconds)
    )


# A letter of an earlier life of the event passes on how often it was replayed (sync 11.17).
# What waits behind a create that may have run must know of it: a delete looks for the record, and
# not before that request is certainly over (sync 11.6).
BURY = """
WITH dead AS (
    UPDATE outbox_events
    SET status = 'dead_letter', processed_at = now(), lease_token = NULL, lease_until = NULL,
        parked_on = NULL, error_class = $3, last_error = $4,
        next_attempt_at = now() + make_interval(secs => $6)
    WHERE id = $1 AND status = 'processing' AND lease_token = $2
    RETURNING *
), behind AS (
    UPDATE outbox_events AS p
    SET first_attempt_at = least(p.first_attempt_at, d.first_attempt_at),
        next_attempt_at = greatest(p.next_attempt_at, d.next_attempt_at),
        error_class = CASE WHEN $6 > 0 THEN d.error_class ELSE p.error_class END
    FROM dead AS d
    WHERE p.entity_type = d.entity_type AND p.entity_id = d.entity_id AND p.status = 'pending'
)
INSERT INTO outbox_dead_letters
    (outbox_id, entity_type, entity_id, operation, payload, error_class, http_status,
     error_message, attempts, replay_count, last_replayed_at)
SELECT d.id, d.entity_type, d.entity_id, d.operation,
       d.payload || CASE WHEN d.changed_fields IS NULL THEN '{}'::jsonb
           ELSE jsonb_build_object('changedFields', d.changed_fields) END,
       $3, $5::smallint, $4, d.attempt_count,
       coalesce((SELECT max(e.replay_count) FROM outbox_dead_letters AS e
                 WHERE e.outbox_id = d.id), 0),
       (SELECT max(e.last_replayed_at) FROM outbox_dead_letters AS e WHERE e.outbox_id = d.id)
FROM dead AS d
RETURNING id"""
