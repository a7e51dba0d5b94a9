"""Events from outside: each is taken once, and a failed one may come again (N6)."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from api._lib import metrics
from api._lib.accounts import service as accounts
from api._lib.accounts.service import Arrival, Reading, Verdict
from api._lib.airtable.cells import Cells
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.db import Queries, Transaction
from api._lib.errors import unavailable
from api._lib.sync.inbound.link_store import add_stubs
from api._lib.sync.inbound.presence import gone_among
from api._lib.sync.inbound.reading import started

LANE = Lane.INTERACTIVE
TAKEN = frozenset({Verdict.CREATED, Verdict.UPDATED, Verdict.REKEYED, Verdict.UNCHANGED})


class Event(Struct, frozen=True):
    """What somebody told: which people, and by which id it may be told again."""

    source: str
    id: str | None
    user_ids: tuple[str, ...]


class Taken(Struct, frozen=True):
    """What became of an event."""

    event_id: str
    is_repeated: bool = False
    arrivals: tuple[Arrival, ...] = ()
    deleted: tuple[str, ...] = ()

    @property
    def unsure(self) -> tuple[str, ...]:
        """Who must be looked at again: whose record is gone, or was written to meanwhile."""
        stale = [one.id for one in self.arrivals if one.verdict is Verdict.STALE]
        return (*self.deleted, *stale)

    @property
    def synced(self) -> int:
        """How many people are now as Airtable has them."""
        return sum(arrival.verdict in TAKEN for arrival in self.arrivals)


class _Rivals(Exception):
    """Somebody else has an address: ask about them before anything is stored."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__()
        self.ids = ids


async def take(ctx: Context, event: Event) -> Taken:
    """Read the people an event names and store them; raises a 503 when Airtable cannot be asked.

    Then nothing is stored, the event neither, so that it can be told again.
    """
    metrics.user_events.labels("received").inc()
    if event.id is not None and await _is_known(ctx.db, event.source, event.id):
        metrics.user_events.labels("replayed").inc()
        return Taken(event.id, is_repeated=True)
    try:
        taken = await _read_and_store(ctx, event)
    except AirtableError:
        metrics.user_events.labels("failed").inc()
        raise unavailable() from None
    metrics.user_events.labels("replayed" if taken.is_repeated else "processed").inc()
    return taken


async def _read_and_store(ctx: Context, event: Event) -> Taken:
    at = await started(ctx.db)
    records = await ctx.airtable.records(USERS, event.user_ids, LANE)
    found = {record.id for record in records}
    absent = [user_id for user_id in event.user_ids if user_id not in found]
    gone = await gone_among(ctx.airtable, USERS, absent, LANE)
    try:
        return await _store(ctx, event, records, at, gone, frozenset())
    except _Rivals as rivals:
        freed = await gone_among(ctx.airtable, USERS, rivals.ids, LANE)
    return await _store(ctx, event, records, at, gone, freed, ask=False)


async def _store(
    ctx: Context,
    event: Event,
    records: Sequence[RemoteRecord],
    at: datetime,
    gone: frozenset[str],
    freed: frozenset[str],
    ask: bool = True,
) -> Taken:
    event_id = event.id or _content_id(records, gone)
    reading = Reading(started_at=at, gone=gone | freed)

    async def block(tx: Transaction) -> Taken:
        is_new = await _note(tx, event.source, event_id)
        if not is_new and event.id is not None:
            return Taken(event_id, is_repeated=True)
        companies = {i for record in records for i in Cells(USERS, record).links("company")}
        await add_stubs(tx, "companies", companies, at)
        arrivals = await accounts.apply_airtable_users(tx, records, reading, ctx.clock.now())
        if ask and (rivals := accounts.rivals_of(arrivals)):
            raise _Rivals(rivals)
        deleted = await accounts.mark_people_deleted(tx, gone, ctx.clock.now())
        # The same content again is old news only if it changes nothing (A, B, A).
        is_repeated = not is_new and not deleted and _changes_nothing(arrivals)
        return Taken(event_id, is_repeated, tuple(arrivals), tuple(sorted(gone)))

    return await ctx.db.run(block)


def _changes_nothing(arrivals: Collection[Arrival]) -> bool:
    return all(arrival.verdict is Verdict.UNCHANGED for arrival in arrivals)


def _content_id(records: Sequence[RemoteRecord], gone: Collection[str]) -> str:
    """An id that is the same for the same records with the same content."""
    state: Mapping[str, object] = {
        **{record.id: record.fields for record in records},
        **dict.fromkeys(gone, "gone"),
    }
    return hashlib.sha256(msgspec.json.encode(state, order="deterministic")).hexdigest()[:32]


async def _is_known(q: Queries, source: str, event_id: str) -> bool:
    return bool(
        await q.fetchval(
            """SELECT true FROM inbox_events
               WHERE source = $1 AND event_id = $2 AND status = 'processed'""",
            source,
            event_id,
        )
    )


async def _note(tx: Transaction, source: str, event_id: str) -> bool:
    """Take an event in the transaction that applies it; whether it is new."""
    return bool(
        await tx.fetchval(
            """INSERT INTO inbox_events (source, event_id, status, processed_at)
               VALUES ($1, $2, 'processed', now())
               ON CONFLICT (source, event_id) DO NOTHING RETURNING true""",
            source,
            event_id,
        )
    )
