"""What we know about the person of a record."""

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """What our own row says now of the values Airtable may change."""

    email: str
    name: str
    role: str | None
    language_code: str | None
    status: str


class Known(Struct, frozen=True, kw_only=True):
    """What we know about the person of a record."""

    row: Row | None = None
    companies: tuple[str, ...] = ()
    existing_companies: tuple[str, ...] = ()
    """Those of the record's companies that we have."""
    kept: frozenset[str] = frozenset()
    """Shared columns named by an event that is not sent yet."""
    rival: str | None = None
    """Somebody else who has the record's address."""
    rival_status: str | None = None
    tombstoned: bool = False
    stale: bool = False
    linked: bool = False
    missing: bool = False
