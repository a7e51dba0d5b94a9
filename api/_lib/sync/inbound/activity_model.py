"""The words in which activity is read: drafts of rows, what is known, why a record is refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from msgspec import Struct, field

from api._lib.airtable.cells import Cells, created_at
from api._lib.airtable.entities import EntityType
from api._lib.airtable.model import Entity
from api._lib.sync.inbound.link_store import LinkTable

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The making of a record that does not tell it."""


class RejectedError(Exception):
    """A record that cannot become a row; the text says why, without values."""


class Parent(Struct, frozen=True):
    """A row of ours that a record links to."""

    id: str
    user_id: str
    program_id: str | None = None


class Lookup(Struct, frozen=True):
    """What the records of a batch refer to, as far as we have it."""

    users: frozenset[str]
    parents: Mapping[tuple[EntityType, str], Parent]
    points: Mapping[str, int]
    today: date


class Entitlement(Struct, frozen=True):
    """Something already granted, so that it is never granted again; `ref` may name `{id}`."""

    kind: str
    ref: str
    program_id: str | None = None


class Draft(Struct):
    """A record as its row will be."""

    record_id: str
    app_id: UUID | None
    created_at: datetime
    values: dict[str, object]
    lists: dict[str, list[str]] = field(default_factory=dict)
    granted: list[Entitlement] = field(default_factory=list)
    id: str = ""
    """Our id, decided when it is stored."""

    @property
    def user_id(self) -> str:
        """Whose it is."""
        return str(self.values["user_id"])


class Source:
    """One record while it is read: its cells, and what they refer to."""

    def __init__(self, cells: Cells, known: Lookup, app_id: UUID | None = None) -> None:
        self.cells = cells
        self.known = known
        self.app_id = app_id
        self.created_at = created_at(cells.record) or LONG_AGO

    def owner(self, name: str = "user") -> str:
        """The person it belongs to; raises RejectedError."""
        user_id = self.cells.link(name)
        if user_id is None or user_id not in self.known.users:
            raise RejectedError("belongs to nobody we know")
        return user_id

    def parent(self, name: str, kind: EntityType, user_id: str | None = None) -> Parent | None:
        """The row of ours it links to; one of somebody else counts as none."""
        record_id = self.cells.link(name)
        if record_id is None:
            return None
        found = self.known.parents.get((kind, record_id))
        if found is None or (user_id is not None and found.user_id != user_id):
            self.cells.note(name, "links to nothing of this person")
            return None
        return found

    def content(self, name: str) -> str:
        """The content it is about; raises RejectedError."""
        record_id = self.cells.link(name)
        if record_id is None:
            raise RejectedError(f"has no {name}")
        return record_id

    def day(self, name: str) -> date:
        """The day it was done, else the day the record was made; raises RejectedError."""
        found = self.cells.day(name)
        if found is not None:
            return found
        if self.created_at == LONG_AGO:
            raise RejectedError(f"has no {name}")
        return self.created_at.date()

    def short(self, name: str, most: int) -> str | None:
        """A text of at most so many characters."""
        text = self.cells.text(name)
        if text is not None and len(text) > most:
            self.cells.note(name, "is too long")
        return text[:most] if text else None


class Activity(Struct, frozen=True):
    """How records of one kind become rows."""

    entity: Entity
    columns: Mapping[str, str]
    """Postgres types by column."""
    read: Callable[[Source], Draft]
    lists: tuple[LinkTable, ...] = ()
    content: Mapping[str, str] = {}
    """Tables of content that columns refer to."""
    natural: tuple[str, ...] = ()
    """Columns that are unique together."""
    once: tuple[str, ...] = ()
    """Columns that keep what they were first given."""
    fitted: Mapping[str, str] = {}
    """How columns change that cells tell only in part (t the row, r the record)."""
    when_gone: str | None = None
    """What is set on a row whose record is gone; without it the row goes too."""

    @property
    def type(self) -> EntityType:
        """Which kind of record."""
        return self.entity.type


def draft(
    source: Source,
    values: dict[str, object],
    lists: Mapping[str, Sequence[str]] | None = None,
    granted: Sequence[Entitlement] = (),
) -> Draft:
    """What was read of a record."""
    return Draft(
        record_id=source.cells.record.id,
        app_id=None,
        created_at=source.created_at,
        values=values,
        lists={name: list(ids) for name, ids in (lists or {}).items()},
        granted=list(granted),
    )
