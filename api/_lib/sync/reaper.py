"""Bringing back what a dead worker held, and what waits for a parent that needs no waiting."""

import logging
from uuid import uuid4

from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.claims import Return, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.parents import REQUIRED_CHILDREN
from api._lib.sync.rules import OPTIONAL_PARENT_SECONDS, ErrorClass, is_final

log = logging.getLogger(__name__)

TAKEN_OVER_SECONDS = 30


async def reap(db: Database, settings: Settings) -> int:
    """Return expired leases to the queue and release parked children; how many were touched."""
    return await _reap_leases(db, settings) + await release_parked(db)


async def _reap_leases(db: Database, settings: Settings) -> int:
    token = uuid4()
    returns = []
    for row in await db.fetch(TAKE_OVER, token, TAKEN_OVER_SECONDS):
        kind = row["error_class"]
        if kind and is_final(row["attempt_count"], settings.sync_max_retries):
            message = "the worker died during the last try"
            await bury(db, token, row["id"], ErrorClass(kind), message)
            continue
        # Due at once: a lease lasts longer than any request (sync 11.4).
        returns.append(Return(id=row["id"], error_class=kind, error="the lease ran out"))
    await give_back(db, token, returns)
    if returns:
        log.warning("leases ran out", extra={"events": len(returns)})
    return len(returns)


async def release_parked(db: Database) -> int:
    """Let go children whose parent is linked, settled, or dead for long without being needed."""
    tag = await db.execute(RELEASE_PARKED, list(REQUIRED_CHILDREN), OPTIONAL_PARENT_SECONDS)
    return int(tag.rpartition(" ")[2])


# The owner may renew a lease until the moment it changes hands, not after.
TAKE_OVER = """
UPDATE outbox_events
SET lease_token = $1, lease_until = now() + make_interval(secs => $2::int)
WHERE id IN (
    SELECT id FROM outbox_events WHERE status = 'processing' AND lease_until < now()
    FOR UPDATE SKIP LOCKED)
RETURNING id, error_class, attempt_count"""

RELEASE_PARKED = """
WITH parked AS (
    SELECT o.id, o.entity_type, o.created_at,
           split_part(o.parked_on, ':', 1) AS parent_type,
           substr(o.parked_on, strpos(o.parked_on, ':') + 1) AS parent_id
    FROM outbox_events AS o
    WHERE o.parked_on IS NOT NULL AND o.status = 'pending' AND o.parked_on NOT LIKE 'table:%'
    FOR UPDATE SKIP LOCKED
), ready AS (
    SELECT p.id FROM parked AS p
    CROSS JOIN LATERAL (SELECT
        EXISTS (SELECT FROM airtable_links AS l
                WHERE l.entity_type = p.parent_type AND l.entity_id = p.parent_id
                  AND l.deleted_at IS NULL) AS is_linked,
        EXISTS (SELECT FROM outbox_events AS e
                WHERE e.entity_type = p.parent_type AND e.entity_id = p.parent_id
                  AND e.status = 'pending')
        OR EXISTS (SELECT FROM outbox_events AS e
                WHERE e.entity_type = p.parent_type AND e.entity_id = p.parent_id
                  AND e.status = 'processing') AS is_queued,
        EXISTS (SELECT FROM outbox_dead_letters AS d
                WHERE d.entity_type = p.parent_type AND d.entity_id = p.parent_id
                  AND d.resolved_at IS NULL) AS is_dead) AS s
    WHERE s.is_linked OR (NOT s.is_queued AND (NOT s.is_dead OR (
        p.entity_type <> ALL($1::text[])
        AND p.created_at < now() - make_interval(secs => $2::int))))
)
UPDATE outbox_events AS o SET parked_on = NULL FROM ready WHERE o.id = ready.id"""
