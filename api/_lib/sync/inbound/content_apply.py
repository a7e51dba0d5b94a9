"""What a reading of a content table does to ours, inside one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from api._lib.db import Transaction
from api._lib.sync.inbound import content_store as store
from api._lib.sync.inbound.content_rows import (
    Change,
    Place,
    Row,
    Stored,
    changes,
    hidden,
    kept_places,
    ordered,
    places,
    unseen,
)
from api._lib.sync.inbound.content_tables import ContentTable
from api._lib.sync.inbound.guard import is_suspicious


class Reading(Struct, frozen=True):
    """What Airtable answered about a table, and when we began to ask."""

    at: datetime
    rows: Sequence[Row]
    shown: Sequence[str] | None
    """Record ids in the order of the view; None without a view."""


class Applied(Struct, frozen=True):
    """What was changed, and whether readers see it."""

    inserted: int
    updated: int
    removed: int
    is_visible: bool
    warning: str | None = None


async def apply_listing(
    tx: Transaction, table: ContentTable, reading: Reading, confirmed: bool
) -> Applied:
    """Let the table be as a complete listing shows it."""
    stored = await store.stored_rows(tx, table)
    at = places(reading.rows, reading.shown, stored, table.table.view is not None)
    warning = None
    if not confirmed and _hides_too_much(at, stored):
        at, warning = kept_places(reading.rows, stored), "hiding refused"
    removed, refused = _removals(reading, stored, confirmed)
    written = changes(reading.rows, at, stored, reading.at)
    return await _write(tx, table, reading, stored, written, removed, refused or warning)


async def apply_changed(
    tx: Transaction, table: ContentTable, reading: Reading, gone: Sequence[str]
) -> Applied:
    """Take over a few records; the view's order is known for all of them."""
    stored = await store.stored_rows(tx, table)
    written = changes(reading.rows, kept_places(reading.rows, stored), stored, reading.at)
    removed = [key for key in gone if key in stored and not stored[key].is_archived]
    applied = await _write(tx, table, reading, stored, written, removed, None)
    moved = 0 if reading.shown is None else await apply_order(tx, table, reading.shown)
    return applied if not moved else _seen(applied)


async def apply_order(tx: Transaction, table: ContentTable, shown: Sequence[str]) -> int:
    """Give known records the places the view shows; how many moved."""
    stored = {
        key: old
        for key, old in (await store.stored_rows(tx, table)).items()
        if old.hash and not old.is_archived
    }
    ids = sorted(stored, key=lambda key: (stored[key].place.sort_order, key))
    at = ordered(shown, ids)
    if _hides_too_much(at, stored):
        at = {key: place for key, place in at.items() if place.is_listed}
    moved = {key: place for key, place in at.items() if stored[key].place != place}
    await store.move(tx, table, moved)
    return len(moved)


async def _write(
    tx: Transaction,
    table: ContentTable,
    reading: Reading,
    stored: Mapping[str, Stored],
    written: Sequence[Change],
    removed: Sequence[str],
    warning: str | None,
) -> Applied:
    await store.write_rows(tx, table, written, reading.at)
    current = [row for row in reading.rows if _is_current(stored.get(row.key), reading.at)]
    relinked = await store.write_links(tx, table, current, reading.at)
    await store.archive(tx, table, removed, reading.at)
    inserted = sum(change.is_new for change in written)
    return Applied(
        inserted=inserted,
        updated=len(written) - inserted,
        removed=len(removed),
        is_visible=bool(relinked or removed or any(change.is_visible for change in written)),
        warning=warning,
    )


def _hides_too_much(at: Mapping[str, Place], stored: Mapping[str, Stored]) -> bool:
    listed = sum(old.place.is_listed and not old.is_archived for old in stored.values())
    is_empty = not any(place.is_listed for place in at.values())
    return is_suspicious(len(hidden(at, stored)), listed, is_empty)


def _removals(
    reading: Reading, stored: Mapping[str, Stored], confirmed: bool
) -> tuple[list[str], str | None]:
    """Keys to archive, and why they may not be; stubs were never there and are not counted."""
    keys = unseen(reading.rows, stored, reading.at)
    real = [key for key in keys if stored[key].hash]
    known = sum(bool(old.hash) and not old.is_archived for old in stored.values())
    if not confirmed and is_suspicious(len(real), known, is_empty=not reading.rows):
        return [key for key in keys if not stored[key].hash], "removals refused"
    return keys, None


def _is_current(old: Stored | None, read_at: datetime) -> bool:
    """Whether nobody read the record anew meanwhile."""
    return old is None or not old.hash or old.read_at <= read_at


def _seen(applied: Applied) -> Applied:
    return Applied(applied.inserted, applied.updated, applied.removed, is_visible=True)
