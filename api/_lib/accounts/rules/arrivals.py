"""What becomes of a person when Airtable's record of them is read (auth sheet 9 and 10)."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import UNSET, Struct, UnsetType

from api._lib.messages import LANGUAGES
from api._lib.wire import is_record_id, parse_email

T = TypeVar("T")
STATUSES = {"": "active", "actief": "active", "geen toegang": "disabled"}


class Verdict(StrEnum):
    """What was done with a record."""

    CREATED = "created"
    UPDATED = "updated"
    REKEYED = "rekeyed"
    UNCHANGED = "unchanged"
    TOMBSTONED = "tombstoned"
    STALE = "stale"
    NO_EMAIL = "no_email"
    DUPLICATE_EMAIL = "duplicate_email"


class Record(Struct, frozen=True, kw_only=True):
    """A record of the table of people; UNSET is what the source did not tell.

    An unknown status is None, and so is an address that is none.
    """

    id: str
    email: str | None
    name: str | UnsetType
    role: str | UnsetType | None
    language_code: str | UnsetType | None
    status: str | UnsetType | None
    companies: tuple[str, ...] | UnsetType
    password_hash: str | None
    last_login_on: date | None
    airtable_created_at: datetime | None


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


class Plan(Struct, frozen=True, kw_only=True):
    """What to do with a record."""

    record: Record
    verdict: Verdict
    row: Row | None = None
    companies: tuple[str, ...] | None = None
    """The companies to store, None when they stay as they are."""
    rival: str | None = None
    left: bool = False
    """Whether the person may no longer come in."""
    alarms: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def read_record(
    record_id: str, created: str, cells: Mapping[str, Any], delivered: Collection[str] | None = None
) -> Record:
    """A record in our terms; `delivered` names what the source tells at all, None is everything."""

    def told(name: str, read: Callable[[Any], T]) -> T | UnsetType:
        if delivered is not None and name not in delivered:
            return UNSET
        return read(cells.get(name))

    return Record(
        id=record_id,
        email=_email(cells.get("email")),
        name=told("name", lambda cell: _text(cell) or ""),
        role=told("role", _text),
        language_code=told("languageCode", _language),
        status=told("status", lambda cell: STATUSES.get((_text(cell) or "").casefold())),
        companies=told("company", _record_ids),
        password_hash=_text(cells.get("passwordHash")),
        last_login_on=_day(cells.get("lastLogin")),
        airtable_created_at=_moment(cells.get("createdAt")) or _moment(created),
    )


def plan(
    records: Sequence[Record], known: Mapping[str, Known], gone: Collection[str]
) -> list[Plan]:
    """What to do with each record of one reading; `gone` are ids that Airtable no longer has."""
    usable = [record for record in records if _obstacle(record, known[record.id]) is None]
    batch = {record.id for record in records}
    refused = _refused(usable, known, batch, gone)
    return [_plan(record, known[record.id], record.id in refused, batch) for record in records]


def _obstacle(record: Record, here: Known) -> Verdict | None:
    if here.tombstoned:
        return Verdict.TOMBSTONED
    if here.stale:
        return Verdict.STALE
    return Verdict.NO_EMAIL if record.email is None else None


def _plan(record: Record, here: Known, refused: bool, batch: Collection[str]) -> Plan:
    obstacle = _obstacle(record, here)
    if obstacle is not None:
        alarms = ("no_email",) if obstacle is Verdict.NO_EMAIL else ()
        return Plan(record=record, verdict=obstacle, alarms=alarms)
    if here.row is None:
        return _newcomer(record, here, refused, batch)
    return _change(record, here, here.row, refused)


def _newcomer(record: Record, here: Known, refused: bool, batch: Collection[str]) -> Plan:
    if refused:
        return _quarantined(record, here)
    if here.rival is not None and here.rival not in batch:
        return Plan(record=record, verdict=Verdict.REKEYED, rival=here.rival)
    status = record.status or "disabled"  # UNSET and unknown alike
    row = Row(
        email=record.email or "",
        name=record.name or "",
        role=record.role or None,
        language_code=record.language_code or None,
        status=status,
    )
    return Plan(
        record=record,
        verdict=Verdict.CREATED,
        row=row,
        companies=here.existing_companies,
        alarms=() if record.status else ("unknown_status",),
    )


def _quarantined(record: Record, here: Known) -> Plan:
    return Plan(
        record=record,
        verdict=Verdict.DUPLICATE_EMAIL,
        rival=here.rival,
        alarms=("duplicate_email",),
    )


def _change(record: Record, here: Known, row: Row, refused: bool) -> Plan:
    name, name_kept = _shared("name", record.name, row.name, here)
    language, language_kept = _shared(
        "language_code", record.language_code, row.language_code, here
    )
    new = Row(
        email=row.email if refused else record.email or row.email,
        name=name or "",
        role=row.role if record.role is UNSET else record.role or None,
        language_code=language,
        status=_status(record.status, row.status),
    )
    companies = _companies(record, here)
    is_same = new == row and companies is None and here.linked and not here.missing
    alarms = [
        *(["duplicate_email"] if refused else []),
        *(["unknown_status"] if record.status is None else []),
    ]
    return Plan(
        record=record,
        verdict=Verdict.UNCHANGED if is_same else Verdict.UPDATED,
        row=new,
        companies=companies,
        rival=here.rival,
        left=row.status == "active" != new.status,
        alarms=tuple(alarms),
        conflicts=tuple(filter(None, (name_kept, language_kept))),
    )


def _shared(
    column: str, told: str | UnsetType | None, ours: str | None, here: Known
) -> tuple[str | None, str | None]:
    """The value of a shared column, and its name when an unsent change of ours kept it."""
    if isinstance(told, UnsetType) or told == ours:
        return ours, None
    return (ours, column) if column in here.kept else (told, None)


def _status(told: str | UnsetType | None, ours: str) -> str:
    """One mapping for every source (F-A3): what is not told or not understood changes nothing."""
    if isinstance(told, UnsetType):
        return ours
    if told is None:
        return "disabled" if ours == "deleted" else ours
    return told


def _companies(record: Record, here: Known) -> tuple[str, ...] | None:
    if record.companies is UNSET or here.existing_companies == here.companies:
        return None
    return here.existing_companies


def _refused(
    records: Sequence[Record],
    known: Mapping[str, Known],
    batch: Collection[str],
    gone: Collection[str],
) -> set[str]:
    """Records that cannot have the address they name, because a live record has it."""
    wanted = [record for record in records if not _has_address(record, known[record.id])]
    owned = {record.email for record in records if _has_address(record, known[record.id])}
    claims = Counter(record.email for record in wanted)
    refused = {r.id for r in wanted if r.email in owned or claims[r.email] > 1}
    while late := {
        record.id
        for record in wanted
        if record.id not in refused
        and not _is_free(known[record.id], {r.id for r in wanted} - refused, batch, gone)
    }:
        refused |= late
    return refused


def _has_address(record: Record, here: Known) -> bool:
    return here.row is not None and here.row.email == record.email


def _is_free(
    here: Known, moving: Collection[str], batch: Collection[str], gone: Collection[str]
) -> bool:
    """Whether nobody has the address, or who has it leaves it or is gone from Airtable."""
    if here.rival is None or here.rival in moving:
        return True
    if here.rival in batch:
        return False
    return here.rival_status == "deleted" or (here.row is None and here.rival in gone)


def _email(cell: Any) -> str | None:
    try:
        return str(parse_email(cell))
    except ValueError:
        return None


def _text(cell: Any) -> str | None:
    return (cell.replace("\0", "").strip() or None) if isinstance(cell, str) else None


def _language(cell: Any) -> str | None:
    code = (_text(cell) or "")[:2].lower()
    return code if code in LANGUAGES else None


def _record_ids(cell: Any) -> tuple[str, ...]:
    ids = cell if isinstance(cell, list) else []
    return tuple(dict.fromkeys(i for i in ids if isinstance(i, str) and is_record_id(i)))


def _day(cell: Any) -> date | None:
    try:
        return date.fromisoformat(cell[:10]) if isinstance(cell, str) else None
    except ValueError:
        return None


def _moment(cell: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo else None
