"""One record on its way: what is to be written, and where."""

from collections.abc import Mapping
from enum import Enum, auto

from msgspec import Struct

from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.model import Entity
from api._lib.airtable.schema import Schema
from api._lib.settings import Settings
from api._lib.sync.claims import Claimed
from api._lib.sync.desired import Key, References, Row, owned_cells, shared_cells
from api._lib.sync.rules import cells_hash


class Action(Enum):
    """What kind of request a record needs; requests hold one kind only."""

    CREATE = auto()
    PATCH = auto()
    DELETE = auto()
    SEARCH = auto()
    """A delete whose record must be found by App ID first."""


class Item(Struct):
    """A claimed event with everything needed to write its record."""

    event: Claimed
    action: Action
    record_id: str | None = None
    row: Row = {}
    links: Mapping[str, str | None] = {}
    references: References = References(frozenset(), frozenset())
    skipped: tuple[Key, ...] = ()
    pushed_hash: str | None = None
    refusals: int = 0
    copies: tuple[str, ...] = ()
    """More records to delete together with it."""
    selects_apart: bool = False
    """Whether our own selects are written on their own, so that missing options are added."""

    @property
    def record_ids(self) -> list[str]:
        """The records a delete removes."""
        return [self.record_id, *self.copies] if self.record_id else []

    @property
    def entity(self) -> Entity:
        """The mapping of the record."""
        return ENTITIES[self.event.entity_type]

    def owned(self, schema: Schema, settings: Settings) -> dict[str, object]:
        """The cells that are ours, with App ID where there is one; raises InvalidReferenceError."""
        entity = self.entity
        cells = owned_cells(entity, self.row, self.links, self.references, schema, settings)
        app_id = schema.app_id(entity.table) if entity.created else None
        return cells | ({app_id: self.event.entity_id} if app_id else {})

    def shared(self, schema: Schema) -> dict[str, object]:
        """The shared cells this event carries."""
        return shared_cells(self.entity, self.row, self.event.changed_fields, schema)

    def cells(self, schema: Schema, settings: Settings) -> dict[str, object]:
        """Everything to be sent."""
        return self.owned(schema, settings) | self.shared(schema)

    def fingerprint(self, table_id: str, record_id: str, schema: Schema, settings: Settings) -> str:
        """Hash of the owned state, to be compared with what was written last."""
        return cells_hash(table_id, record_id, self.owned(schema, settings))

    def changes_nothing(self, table_id: str, schema: Schema, settings: Settings) -> bool:
        """Whether Airtable already has all of it."""
        if self.record_id is None or self.shared(schema):
            return False
        return self.pushed_hash == self.fingerprint(table_id, self.record_id, schema, settings)
