"""The words in which the mapping is written: tables, fields, owners, parents."""

from enum import Enum, auto

from msgspec import Struct

from api._lib.airtable.entities import EntityType


class Kind(Enum):
    """How the value of a cell looks."""

    TEXT = auto()
    NUMBER = auto()
    DATE = auto()
    SELECT = auto()
    SELECTS = auto()
    LINKS = auto()
    JSON_LIST = auto()
    ATTACHMENTS = auto()
    MOMENT = auto()


class Owner(Enum):
    """Who decides the value of a cell (sync 11.11)."""

    AIRTABLE = auto()
    POSTGRES = auto()
    SHARED = auto()
    """Airtable, unless an unsent event names the field."""
    REWARDS = auto()
    """Postgres when the REWARDS flag says so, else Airtable."""
    EXPORT = auto()
    """Postgres, and sent only when SYNC_EXPORT_PASSWORD_HASH is set."""

    @property
    def ours(self) -> bool:
        """Whether Postgres may be the one that decides."""
        return self in (Owner.POSTGRES, Owner.REWARDS, Owner.EXPORT)


class Field(Struct, frozen=True):
    """One column of an Airtable table, and what it is called here."""

    id: str | None
    """Airtable's field id; None where only the name is known."""
    title: str
    """Dutch name in the base, needed in formulas only."""
    name: str
    """Name in code, and of the column in the query of the entity."""
    kind: Kind = Kind.TEXT
    owner: Owner = Owner.AIRTABLE
    links_to: str | None = None
    """Logical name of the linked table."""
    computed: bool = False
    """Calculated by Airtable; sent only if the schema of the base says it can be written."""
    typecast: bool = False
    """A select whose values we make, so that a missing option may be added (sync 11.5)."""
    cleared: str | None = None
    """What clears the cell."""
    column: str | None = None
    """Postgres column of a shared field, as events name it."""

    @property
    def key(self) -> str:
        """What the API calls the field: its id, else its Dutch name."""
        return self.id or self.title


class Table(Struct, frozen=True):
    """One Airtable table with the fields the server knows."""

    key: str
    """Logical name; its id is in the settings."""
    title: str
    fields: tuple[Field, ...]
    view: str | None = None
    """View that decides order and visibility."""

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(field for field in self.fields if field.name == name)

    @property
    def by_name(self) -> bool:
        """Whether its field ids are unknown, so that the API is asked for names."""
        return any(field.id is None for field in self.fields)


class Parent(Struct, frozen=True):
    """A record this one links to and that is sent by us as well."""

    field: str
    entity: EntityType
    column: str
    """Foreign key in the child's relation."""
    required: bool


class Entity(Struct, frozen=True):
    """A kind of record we send: where it lives on both sides and how its row is read."""

    type: EntityType
    table: Table
    relation: str
    query: str
    """Rows by id ($1), one column per owned field; without rows that are as good as deleted."""
    parents: tuple[Parent, ...] = ()
    created: bool = True
    """Whether the sync may make records; people are made by the user service only."""

    @property
    def owned(self) -> tuple[Field, ...]:
        """The fields that may be ours to write, shared ones apart."""
        return tuple(field for field in self.table.fields if field.owner.ours)

    @property
    def shared(self) -> tuple[Field, ...]:
        """The fields both sides may change."""
        return tuple(field for field in self.table.fields if field.owner is Owner.SHARED)
