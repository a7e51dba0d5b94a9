"""From claimed events to what must be sent; everything that needs no request ends here."""

import logging
from collections.abc import Collection, Sequence
from uuid import UUID

from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import ENTITIES
from api._lib.db import Database, Queries
from api._lib.settings import Settings
from api._lib.sync import parents
from api._lib.sync.claims import Claimed, Return, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.decisions import Decider, Decision, Fate, Known, Link
from api._lib.sync.desired import Key, load_references, load_rows
from api._lib.sync.items import Item
from api._lib.sync.results import finish
from api._lib.sync.rules import ErrorClass
from api._lib.sync.schemas import SchemaBook

log = logging.getLogger(__name__)


class Preparation:
    """Reads what the events are about, decides, and stores what is decided."""

    def __init__(self, db: Database, settings: Settings, book: SchemaBook) -> None:
        self._db = db
        self._settings = settings
        self._book = book

    async def prepare(
        self, events: Sequence[Claimed], coming: Collection[Key] = ()
    ) -> tuple[list[Item], list[tuple[Claimed, Key]]]:
        """The items to send, and the events whose parent is just being sent (`coming`), with it.

        All other events are processed, superseded, parked or dead afterwards.
        """
        token = events[0].token
        known = await self._read(events)
        decider = Decider(self._settings, self._book.schema)
        decisions = [decider.decide(event, known) for event in events]
        early = [(d.event, d.waits_for) for d in decisions if d.waits_for in coming]
        decisions = [d for d in decisions if d.waits_for not in coming]
        await finish(self._db, token, _of(decisions, Fate.DONE), "processed")
        gone = _of(decisions, Fate.SUPERSEDED)
        await finish(self._db, token, gone, "superseded", "the record is gone")
        await self._park(token, [d for d in decisions if d.fate is Fate.PARKED])
        for decision in decisions:
            if decision.fate is Fate.DEAD:
                await self._bury(decision)
        items = [decision.item for decision in decisions if decision.item]
        return items, [(event, parent) for event, parent in early if parent]

    async def _read(self, events: Sequence[Claimed]) -> Known:
        rows = await load_rows(self._db, [e.key for e in events if e.operation == "upsert"])
        wanted = {
            key
            for (kind, _), row in rows.items()
            for _, key in parents.parent_keys(ENTITIES[kind], row)
        }
        parent_links = await parents.known_links(self._db, wanted)
        missing = wanted - parent_links.keys()
        return Known(
            rows=rows,
            links=await _links(self._db, [event.key for event in events]),
            references=await load_references(self._db, rows),
            parent_links=parent_links,
            parent_states=await parents.parent_states(self._db, self._settings, missing),
        )

    async def _park(self, token: UUID, decisions: Sequence[Decision]) -> None:
        if not decisions:
            return
        async with self._db.transaction() as tx:
            await parents.heal(tx, {d.heal for d in decisions if d.heal})
        returns = [Return(id=d.event.id, parked_on=d.parked_on) for d in decisions]
        await give_back(self._db, token, returns)
        await parents.release_linked(self._db, [item.id for item in returns])

    async def _bury(self, decision: Decision) -> None:
        event, kind = decision.event, ErrorClass.INVALID_REFERENCE
        await bury(self._db, event.token, event.id, kind, decision.message or "")
        facts = {"eventId": event.id, "entityType": event.entity_type, "errorClass": kind}
        log.error("dead letter", extra=facts)


def _of(decisions: Sequence[Decision], fate: Fate) -> list[Claimed]:
    return [decision.event for decision in decisions if decision.fate is fate]


async def _links(q: Queries, keys: Sequence[Key]) -> dict[Key, Link]:
    rows = await q.fetch(LINKS, [kind for kind, _ in keys], [entity_id for _, entity_id in keys])
    return {
        (EntityType(row["entity_type"]), row["entity_id"]): Link(
            row["airtable_record_id"], row["pushed_hash"], row["deleted_at"] is not None
        )
        for row in rows
    }


LINKS = """
SELECT l.entity_type, l.entity_id, l.airtable_record_id, l.pushed_hash, l.deleted_at
FROM unnest($1::text[], $2::text[]) AS k(entity_type, entity_id)
JOIN airtable_links AS l USING (entity_type, entity_id)"""
