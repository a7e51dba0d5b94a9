"""Records of content as rows, and what of them differs from what we have; pure."""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, structs

from api._lib.airtable.cells import Cells, RemoteFile
from api._lib.airtable.gateway import RemoteRecord
from api._lib.sync.inbound.content_tables import ContentTable

FRESH_FILE = timedelta(minutes=60)
"""So old a stored address of a file may become before a poll renews it (data model 11.4)."""


LONGEST_KEY = 500
"""Characters; an index takes no text of any length."""


class Row(Struct, frozen=True):
    """A record as its row will be."""

    key: str
    record_id: str
    values: dict[str, object]
    links: dict[str, list[str]]
    file: RemoteFile | None
    hash: str


class Rows(Struct, frozen=True):
    """The rows of a listing, and what was wrong with it, by record id."""

    rows: list[Row]
    problems: dict[str, list[str]]
    rejected: int


class Place(Struct, frozen=True):
    """Where a record stands in its list, and whether the list shows it."""

    sort_order: int
    is_listed: bool


class Stored(Struct, frozen=True):
    """What is known of a row we have."""

    hash: str
    place: Place
    is_archived: bool
    file_fetched_at: datetime | None
    read_at: datetime


class Change(Struct, frozen=True):
    """A row to be written, and where it stands."""

    row: Row
    place: Place
    is_new: bool
    is_visible: bool
    """Whether readers see a difference; fresh addresses of files alone are none."""


def read_rows(table: ContentTable, records: Iterable[RemoteRecord]) -> Rows:
    """All records as rows; one without a usable key, or with a key seen before, is rejected."""
    rows: dict[str, Row] = {}
    taken: set[object] = set()
    problems: dict[str, list[str]] = {}
    rejected = 0
    for record in records:
        cells = Cells(table.table, record)
        key = _key(table, cells)
        if fault := _fault(key, rows):
            rejected += 1
            problems[record.id] = [fault]
            continue
        rows[key] = _row(table, key, cells, taken)
        if cells.problems:
            problems[record.id] = cells.problems
    return Rows(list(rows.values()), problems, rejected)


def places(
    rows: Sequence[Row], shown: Sequence[str] | None, stored: Mapping[str, Stored], has_view: bool
) -> dict[str, Place]:
    """The place of every row by key: by the view where there is one, else by the listing.

    Without its view (`shown` None) a table keeps what it had; new rows come last and are listed.
    """
    if not has_view:
        return {row.key: Place(number, True) for number, row in enumerate(rows)}
    if shown is None:
        return kept_places(rows, stored)
    return ordered(shown, [row.record_id for row in rows])


def ordered(shown: Sequence[str], ids: Sequence[str]) -> dict[str, Place]:
    """Places of these records: as the view shows them, then the hidden ones in given order."""
    at = {record_id: Place(number, True) for number, record_id in enumerate(shown)}
    rest = [record_id for record_id in ids if record_id not in at]
    hidden_ones = {key: Place(len(shown) + number, False) for number, key in enumerate(rest)}
    return {record_id: at.get(record_id) or hidden_ones[record_id] for record_id in ids}


def kept_places(rows: Sequence[Row], stored: Mapping[str, Stored]) -> dict[str, Place]:
    """The places as they were; new rows come last and are listed."""
    last = max((old.place.sort_order for old in stored.values()), default=-1)
    return {
        row.key: stored[row.key].place
        if row.key in stored and stored[row.key].hash
        else Place(last + 1 + number, True)
        for number, row in enumerate(rows)
    }


def changes(
    rows: Sequence[Row],
    at: Mapping[str, Place],
    stored: Mapping[str, Stored],
    read_at: datetime,
) -> list[Change]:
    """The rows that must be written; what was read later than `read_at` stays (sync 11.10.3)."""
    found = []
    for row in rows:
        old = stored.get(row.key)
        if old is not None and old.hash and old.read_at > read_at:
            continue
        change = _change(row, at[row.key], old, read_at)
        if change is not None:
            found.append(change)
    return found


def unseen(rows: Iterable[Row], stored: Mapping[str, Stored], read_at: datetime) -> list[str]:
    """Keys of rows that a complete listing no longer holds."""
    seen = {row.key for row in rows}
    return sorted(
        key
        for key, old in stored.items()
        if key not in seen and not old.is_archived and old.read_at <= read_at
    )


def hidden(at: Mapping[str, Place], stored: Mapping[str, Stored]) -> list[str]:
    """Keys of listed rows that would no longer be listed."""
    return sorted(
        key
        for key, place in at.items()
        if not place.is_listed and key in stored and stored[key].place.is_listed
    )


def _key(table: ContentTable, cells: Cells) -> str:
    if table.key == "id":
        return cells.record.id
    return (cells.text(table.key) or "").strip()


def _fault(key: str, taken: Container[str]) -> str | None:
    if not key:
        return "has no key"
    if len(key) > LONGEST_KEY:
        return "has too long a key"
    return "repeats a key" if key in taken else None


def _row(table: ContentTable, key: str, cells: Cells, taken: set[object]) -> Row:
    values = {column.name: column.read(cells) for column in table.columns}
    if table.unique and (value := values[table.unique]) is not None:
        if value in taken:
            cells.note(table.unique, "is held by another record")
            values[table.unique] = None
        taken.add(value)
    links = {link.name: cells.links(link.field) for link in table.links}
    file = None
    if table.file is not None:
        file = cells.file(table.file.field, thumbnail=table.file.thumbnail)
    row = Row(key, cells.record.id, values, links, file, "")
    return structs.replace(row, hash=_hash(row))


def _hash(row: Row) -> str:
    """Of everything but the address of the file, which is another at each reading."""
    state = {
        "values": {name: value for name, value in row.values.items() if value is not None},
        "links": {name: ids for name, ids in row.links.items() if ids},
        "file": row.file.identity if row.file else None,
    }
    return hashlib.sha256(msgspec.json.encode(state, order="deterministic")).hexdigest()


def _change(row: Row, place: Place, old: Stored | None, read_at: datetime) -> Change | None:
    if old is None:
        return Change(row, place, is_new=True, is_visible=True)
    is_visible = old.hash != row.hash or old.place != place or old.is_archived
    fetched_at = old.file_fetched_at
    is_stale = row.file is not None and (fetched_at is None or read_at - fetched_at >= FRESH_FILE)
    if not is_visible and not is_stale:
        return None
    return Change(row, place, is_new=False, is_visible=is_visible)
