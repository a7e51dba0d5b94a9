"""What must happen with a claimed event, decided from what was read; pure, so it can be proven."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from api._lib.airtable.entities import EntityType
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.schema import Schema
from api._lib.settings import Settings
from api._lib.sync.claims import Claimed
from api._lib.sync.desired import InvalidReferenceError, Key, References, Row
from api._lib.sync.items import Action, Item
from api._lib.sync.parents import State, Verdict, age_of, judge, parked_name


class Fate(Enum):
    """How an event goes on."""

    SEND = auto()
    DONE = auto()
    SUPERSEDED = auto()
    PARKED = auto()
    DEAD = auto()


class Link(Struct, frozen=True):
    """What is remembered of a record in Airtable."""

    record_id: str
    pushed_hash: str | None
    is_deleted: bool


class Known(Struct, frozen=True):
    """Everything read for a set of events."""

    rows: Mapping[Key, Row]
    links: Mapping[Key, Link]
    references: References
    parent_links: Mapping[Key, str]
    parent_states: Mapping[Key, State]


class Decision(Struct, frozen=True):
    """The fate of one event."""

    event: Claimed
    fate: Fate
    item: Item | None = None
    parked_on: str | None = None
    waits_for: Key | None = None
    """The parent a parked event waits for."""
    heal: Key | None = None
    message: str | None = None


class Decider:
    """Applies the rules with one schema and one set of settings."""

    def __init__(self, settings: Settings, schema: Schema) -> None:
        self._settings = settings
        self._schema = schema

    def decide(self, event: Claimed, known: Known) -> Decision:
        """Send, park, end or bury an event."""
        row = known.rows.get(event.key)
        if event.operation == "delete" or (row is None and "recordId" in event.payload):
            return self._deletion(event, known)
        if row is None:
            return Decision(event, Fate.SUPERSEDED)
        verdict = judge(
            ENTITIES[event.entity_type],
            row,
            known.parent_links,
            known.parent_states,
            age_of(event.created_at),
        )
        if verdict.is_superseded:
            return Decision(event, Fate.SUPERSEDED)
        if verdict.parked_on:
            name = parked_name(verdict.parked_on)
            return Decision(
                event,
                Fate.PARKED,
                parked_on=name,
                waits_for=verdict.parked_on,
                heal=verdict.heal,
            )
        return self._writing(_item(event, row, verdict, known))

    def _writing(self, item: Item) -> Decision:
        """A record that may be written: is there anything to write, and can it be?"""
        event, table = item.event, item.entity.table
        table_id = self._settings.airtable_tables[table.key]
        try:
            item.owned(self._schema, self._settings)
            if item.changes_nothing(table_id, self._schema, self._settings):
                return Decision(event, Fate.DONE)
        except InvalidReferenceError as error:
            return Decision(event, Fate.DEAD, message=str(error))
        if item.action is Action.CREATE and self._schema.app_id(table) is None:
            return Decision(event, Fate.PARKED, parked_on=f"table:{table_id}")
        return Decision(event, Fate.SEND, item)

    def _deletion(self, event: Claimed, known: Known) -> Decision:
        link = known.links.get(event.key)
        record_id: Any = link.record_id if link else event.payload.get("recordId")
        if record_id is None and event.entity_type is EntityType.USER:
            record_id = event.entity_id
        if record_id is not None:
            return Decision(event, Fate.SEND, Item(event, Action.DELETE, record_id))
        table = ENTITIES[event.entity_type].table
        if event.first_attempt_at is None or self._schema.app_id(table) is None:
            return Decision(event, Fate.DONE)
        # A create whose answer was lost may have made the record (sync 11.6).
        return Decision(event, Fate.SEND, Item(event, Action.SEARCH))


def _item(event: Claimed, row: Row, verdict: Verdict, known: Known) -> Item:
    link = known.links.get(event.key)
    record_id = link.record_id if link and not link.is_deleted else None
    if event.entity_type is EntityType.USER:
        record_id = event.entity_id
    return Item(
        event=event,
        action=Action.PATCH if record_id else Action.CREATE,
        record_id=record_id,
        row=row,
        links=verdict.links,
        references=known.references,
        skipped=verdict.skipped,
        pushed_hash=link.pushed_hash if link else None,
    )
