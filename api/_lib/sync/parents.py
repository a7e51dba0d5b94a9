"""Records that must be in Airtable before others can link to them (sync 11.4)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import ENTITIES, children_of
from api._lib.airtable.model import Entity, Parent
from api._lib.backend import is_sent
from api._lib.db import Database, Queries, Transaction
from api._lib.outbox import Event, enqueue
from api._lib.settings import Settings
from api._lib.sync.claims import LOCK_ORDER, RANKED
from api._lib.sync.desired import Key, Row, load_rows
from api._lib.sync.rules import OPTIONAL_PARENT_SECONDS


class State(Enum):
    """What is known of a parent that has no link."""

    QUEUED = auto()
    DEAD = auto()
    FORGOTTEN = auto()
    """Its row exists, but no event carries it: it must be queued."""
    MISSING = auto()
    UNSENT = auto()
    """Its flag keeps it out of Airtable."""


class Verdict(Struct):
    """What the parents of a record mean for it."""

    links: dict[str, str | None]
    """Record id by link field; None = written without."""
    parked_on: Key | None = None
    is_superseded: bool = False
    skipped: tuple[Key, ...] = ()
    """Parents it is written without although they exist."""
    heal: Key | None = None


def parent_keys(entity: Entity, row: Row) -> list[tuple[Parent, Key]]:
    """The parents a row names."""
    return [
        (parent, (parent.entity, row[parent.field]))
        for parent in entity.parents
        if row[parent.field]
    ]


async def known_links(q: Queries, keys: Iterable[Key]) -> dict[Key, str]:
    """Airtable ids of linked records that are not deleted."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    kinds, ids = [kind for kind, _ in wanted], [entity_id for _, entity_id in wanted]
    rows = await q.fetch(LINKS, kinds, ids)
    return {_key(row): row["airtable_record_id"] for row in rows}


async def parent_states(q: Queries, settings: Settings, keys: Iterable[Key]) -> dict[Key, State]:
    """What is known of parents without a link."""
    wanted = sorted(set(keys))
    sent = [key for key in wanted if is_sent(settings, key[0])]
    states = dict.fromkeys(wanted, State.UNSENT)
    if not sent:
        return states
    rows = await q.fetch(STATES, [kind for kind, _ in sent], [entity_id for _, entity_id in sent])
    existing = await load_rows(q, sent)
    for row in rows:
        states[_key(row)] = _state(row["is_queued"], row["is_dead"], _key(row) in existing)
    return states


def judge(
    entity: Entity,
    row: Row,
    links: Mapping[Key, str],
    states: Mapping[Key, State],
    age: timedelta,
) -> Verdict:
    """Whether a record can be written now, and with which links to its parents."""
    verdict = Verdict({parent.field: None for parent in entity.parents})
    for parent, key in parent_keys(entity, row):
        if key in links:
            verdict.links[parent.field] = links[key]
            continue
        _weigh(verdict, parent, key, states[key], age.total_seconds() > OPTIONAL_PARENT_SECONDS)
    return verdict


def age_of(created_at: datetime) -> timedelta:
    """How long an event has been waiting."""
    return datetime.now(UTC) - created_at


def parked_name(key: Key) -> str:
    """How `parked_on` names a parent."""
    return f"{key[0]}:{key[1]}"


async def heal(tx: Transaction, keys: Iterable[Key]) -> None:
    """Queue parents that were never sent."""
    await enqueue(tx, [Event(entity_type=kind, entity_id=entity_id) for kind, entity_id in keys])


async def release(tx: Transaction, keys: Sequence[Key]) -> None:
    """Let the events that waited for these records go on."""
    await tx.execute(RELEASE, [parked_name(key) for key in keys], RANKED)


async def release_linked(db: Database, ids: Sequence[int]) -> None:
    """Let just parked events go on whose parent was linked in the same moment."""
    await db.execute(RELEASE_LINKED, list(ids))


async def relink(tx: Transaction, keys: Sequence[Key]) -> None:
    """Queue the records that were written without a link to these, now that it exists."""
    by_kind: dict[EntityType, list[str]] = defaultdict(list)
    for kind, entity_id in keys:
        by_kind[kind].append(entity_id)
    events: list[Event] = []
    for kind, ids in by_kind.items():
        for child, parent in children_of(kind):
            rows = await tx.fetch(_written_children(child, parent), ids, child.type)
            events += [Event(entity_type=child.type, entity_id=row["id"]) for row in rows]
    await enqueue(tx, events)


def _weigh(verdict: Verdict, parent: Parent, key: Key, state: State, waited: bool) -> None:
    if state is State.MISSING:
        verdict.is_superseded = verdict.is_superseded or parent.required
    elif state is State.FORGOTTEN:
        verdict.parked_on = verdict.heal = key
    elif parent.required or state is State.QUEUED or (state is State.DEAD and not waited):
        verdict.parked_on = verdict.parked_on or key
    else:
        verdict.skipped = (*verdict.skipped, key)


def _state(is_queued: bool, is_dead: bool, exists: bool) -> State:
    if not exists:
        return State.MISSING
    if is_queued:
        return State.QUEUED
    return State.DEAD if is_dead else State.FORGOTTEN


def _key(row: Any) -> Key:
    return EntityType(row["entity_type"]), row["entity_id"]


def _written_children(child: Entity, parent: Parent) -> str:
    return f"""
SELECT c.id::text AS id FROM {child.relation} AS c
JOIN airtable_links AS l ON l.entity_type = $2 AND l.entity_id = c.id::text
WHERE c.{parent.column} = ANY($1::uuid[]) AND l.deleted_at IS NULL"""


REQUIRED_CHILDREN = sorted(
    entity.type for entity in ENTITIES.values() if any(p.required for p in entity.parents)
)

_KEYS = "unnest($1::text[], $2::text[]) AS k(entity_type, entity_id)"

LINKS = f"""
SELECT l.entity_type, l.entity_id, l.airtable_record_id
FROM {_KEYS} JOIN airtable_links AS l USING (entity_type, entity_id)
WHERE l.deleted_at IS NULL"""

_OF_K = "e.entity_type = k.entity_type AND e.entity_id = k.entity_id"

STATES = f"""
SELECT k.entity_type, k.entity_id,
       EXISTS (SELECT FROM outbox_events AS e WHERE {_OF_K} AND e.status = 'pending')
       OR EXISTS (SELECT FROM outbox_events AS e WHERE {_OF_K} AND e.status = 'processing')
           AS is_queued,
       EXISTS (SELECT FROM outbox_dead_letters AS e WHERE {_OF_K} AND e.resolved_at IS NULL)
           AS is_dead
FROM {_KEYS}"""

RELEASE = f"""
UPDATE outbox_events SET parked_on = NULL, next_attempt_at = now()
WHERE id IN (
    SELECT e.id FROM outbox_events AS e
    WHERE e.parked_on = ANY($1::text[]) AND e.status = 'pending'
    ORDER BY {LOCK_ORDER.format(ranks="$2", alias="e")} FOR UPDATE)"""

RELEASE_LINKED = """
UPDATE outbox_events AS o SET parked_on = NULL
FROM airtable_links AS l
WHERE o.id = ANY($1::bigint[]) AND o.status = 'pending' AND l.deleted_at IS NULL
  AND o.parked_on = l.entity_type || ':' || l.entity_id"""
