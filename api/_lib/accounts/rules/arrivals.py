"""What becomes of a person when Airtable's record of them is read (auth sheet 9 and 10)."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from api._lib.accounts.rules.addresses import refused_addresses
from api._lib.accounts.rules.known import Known, Row
from api._lib.accounts.rules.records import Record


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


def plan(
    records: Sequence[Record], known: Mapping[str, Known], gone: Collection[str]
) -> list[Plan]:
    """What to do with each record of one reading; `gone` are ids that Airtable no longer has."""
    usable = [record for record in records if _obstacle(record, known[record.id]) is None]
    batch = {record.id for record in records}
    refused = refused_addresses(usable, known, batch, gone)
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
