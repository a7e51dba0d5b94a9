"""The words in which an import of records is written: columns, lists, and how a record is read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from api._lib.airtable.cells import Cells, created_at
from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity
from api._lib.db import Transaction

Row = dict[str, Any]


class UnusableError(Exception):
    """A record that cannot become a row; the text says why and holds no values."""


class ParentRow(Struct, frozen=True):
    """The row of a linked record: whose it is, and for a session its program."""

    id: UUID
    user_id: str
    program_id: UUID | None = None


class Known(Struct, frozen=True):
    """Which linked records have rows here."""

    users: frozenset[str] = frozenset()
    content: frozenset[tuple[str, str]] = frozenset()
    """Pairs of logical table name and record id."""
    parents: Mapping[tuple[EntityType, str], ParentRow] = field(default_factory=dict)


class Reader(Struct, frozen=True):
    """The cells of one record, with its links looked up."""

    entity: Entity
    cells: Cells
    known: Known

    @property
    def created(self) -> datetime:
        """When the record was made; raises UnusableError."""
        moment = created_at(self.cells.record)
        if moment is None:
            raise UnusableError("has no moment of creation")
        return moment

    def owner(self) -> str:
        """The person it belongs to; raises UnusableError."""
        for user_id in self.cells.links("user"):
            if user_id in self.known.users:
                return user_id
        raise UnusableError("belongs to nobody known")

    def content(self, name: str) -> str:
        """The one linked record of content; raises UnusableError."""
        found = self.contents(name)
        if not found:
            raise UnusableError(f"{name} is missing or unknown")
        return found[0]

    def contents(self, name: str) -> list[str]:
        """Linked records of content; what is not known here is left out and noted."""
        table = self.entity.table.field(name).links_to or ""
        ids = self.cells.links(name)
        found = [record_id for record_id in ids if (table, record_id) in self.known.content]
        if len(found) < len(ids):
            self.cells.note(name, "links to unknown content")
        return found

    def parent(self, name: str, owner: str | None = None) -> ParentRow | None:
        """The row of the linked record, if there is one and it is the owner's."""
        kind = next(parent.entity for parent in self.entity.parents if parent.field == name)
        for record_id in self.cells.links(name):
            row = self.known.parents.get((kind, record_id))
            if row is not None and owner in (None, row.user_id):
                return row
            self.cells.note(name, "links to an unknown or foreign record")
        return None

    def day(self, name: str) -> date:
        """The day in a cell, else that on which the record was made."""
        return self.cells.day(name) or self.created.date()

    def text(self, name: str, most: int) -> str | None:
        """A text, cut where a column would refuse it."""
        text = self.cells.text(name)
        if text is not None and len(text) > most:
            self.cells.note(name, "is too long")
        return text[:most] if text else None


class ListTable(Struct, frozen=True):
    """A table with an ordered list of content that belongs to a row."""

    name: str
    own: str
    other: str
    key: str
    """Under which key the row that was read holds the list."""


class Incoming(Struct, frozen=True, kw_only=True):
    """How records of one kind become rows."""

    entity: Entity
    columns: Mapping[str, str]
    """Postgres type by column; `id` and `created_at` stand for themselves."""
    read: Callable[[Reader], Row]
    """Raises UnusableError."""
    natural: tuple[str, ...] = ()
    """Columns that may hold a combination once; the oldest record has it."""
    lists: tuple[ListTable, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    """Expressions for columns that a later reading must not simply replace (t old, excluded new)."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Expressions for columns that no cell holds (r the row that was read)."""
    settle: Callable[[Transaction, Sequence[Row]], Any] | None = None
    """Completes rows from what the database holds, before they are stored."""
    soft: str | None = None
    """Status of a row whose record is gone; without it the row goes too."""

    @property
    def type(self) -> EntityType:
        """The kind of record."""
        return self.entity.type


class Taken(Struct):
    """What became of records."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    """Why a record was not taken, by its id."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """What of a taken record could not be used, by its id."""
    users: set[str] = field(default_factory=set)
    """Whose rows changed."""
    ids: dict[str, UUID] = field(default_factory=dict)
    """The row by record id, of every record that has one now."""
