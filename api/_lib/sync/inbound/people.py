"""Reading people: what changed, everybody, or those somebody named."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from api._lib.accounts import service as accounts
from api._lib.accounts.service import Reading, Verdict
from api._lib.airtable import formula
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.sync.inbound import people_store as store
from api._lib.sync.inbound.outcome import Outcome
from api._lib.sync.inbound.people_apply import Applied, apply_people
from api._lib.sync.inbound.presence import gone_among
from api._lib.sync.inbound.reading import started

POLLED = ("name", "email", "createdAt", "company", "role", "languageCode", "status")
"""What polls ask for: of people we know nothing else is taken over (Airtable sheet 6.10)."""

OVERLAP = timedelta(seconds=120)
STALE_TRIES = 5
MOST_QUESTIONS = 20
"""Of so many people at most a run asks whether their former record is gone."""


async def poll_people(ctx: Context) -> Outcome:
    """Take over the records changed since the last poll; the first time all of them."""
    at = await started(ctx.db)
    since = await store.watermark(ctx.db)
    if since is None:
        return await list_people(ctx)
    where = formula.modified_since(since - OVERLAP)
    outcome = _outcome(await _take(ctx, at, await _listing(ctx, where), Lane.INBOUND))
    await store.set_watermark(ctx.db, at)
    return outcome


async def list_people(ctx: Context, confirmed: bool = False) -> Outcome:
    """Take over all records; who is missing twice in a row is deleted (N9).

    Raises AirtableError, and then nobody is missed. Many missing at once wait for an operator.
    """
    at = await started(ctx.db)
    records = await _listing(ctx, None)
    outcome = _outcome(await _take(ctx, at, records, Lane.INBOUND))
    seen = [record.id for record in records]
    async with ctx.db.transaction() as tx:
        removal = await accounts.note_complete_listing(
            tx, seen, at, ctx.clock.now(), confirmed=confirmed
        )
    await store.set_watermark(ctx.db, at)
    outcome.removed = len(removal.deleted)
    outcome.warning = "removals refused" if removal.refused else None
    return outcome


async def take_people(
    ctx: Context, ids: Sequence[str], destroyed: Collection[str], lane: Lane
) -> dict[str, Verdict | None]:
    """Take over named records; who is certainly gone is deleted, and has no verdict.

    Whoever waits for an address of theirs is taken over with them, as it may be free now.
    Raises AirtableError, and then nothing changed: trouble never locks anybody out.
    """
    at = await started(ctx.db)
    waiting = await store.waiting_for(ctx.db, [*ids, *destroyed])
    wanted = [*dict.fromkeys([*ids, *destroyed, *waiting])]
    records = await ctx.airtable.records(USERS, wanted, lane)
    absent = [record_id for record_id in wanted if record_id not in {r.id for r in records}]
    # A filtered listing may lack a record for other reasons, so each is asked for by itself.
    gone = await gone_among(ctx.airtable, USERS, absent, lane)
    applied = await apply_people(ctx, records, Reading(started_at=at, gone=gone), lane)
    if gone:
        async with ctx.db.transaction() as tx:
            await accounts.mark_people_deleted(tx, gone, ctx.clock.now())
        await store.forget_waiting(ctx.db, sorted(gone))
    verdicts = {arrival.id: arrival.verdict for arrival in applied.arrivals}
    return dict.fromkeys(gone, None) | await _fresh(ctx, verdicts, lane)


async def _fresh(ctx: Context, verdicts: dict[str, Verdict], lane: Lane) -> dict[str, Verdict]:
    """Verdicts after those were read again to whom we wrote while we read (sync 11.10.3)."""
    for _ in range(STALE_TRIES):
        stale = [user_id for user_id, verdict in verdicts.items() if verdict is Verdict.STALE]
        if not stale:
            break
        at = await started(ctx.db)
        records = await ctx.airtable.records(USERS, stale, lane)
        applied = await apply_people(ctx, records, Reading(started_at=at), lane)
        verdicts = verdicts | {arrival.id: arrival.verdict for arrival in applied.arrivals}
    return verdicts


async def _listing(ctx: Context, where: str | None) -> list[RemoteRecord]:
    keys = [USERS.field(name).key for name in POLLED]
    return await ctx.airtable.listing(USERS, Lane.INBOUND, fields=keys, where=where)


async def _take(ctx: Context, at: datetime, records: Sequence[RemoteRecord], lane: Lane) -> Applied:
    """Apply what was polled; of people we do not know yet, everything is read first."""
    known = await store.known_ids(ctx.db, [record.id for record in records])
    told = Reading(started_at=at, delivered=frozenset(POLLED))
    old = [record for record in records if record.id in known]
    applied = await apply_people(ctx, old, told, lane, MOST_QUESTIONS)
    email = USERS.field("email").key
    new = [r.id for r in records if r.id not in known and email in r.fields]
    nameless = sum(r.id not in known and email not in r.fields for r in records)
    fresh = await ctx.airtable.records(USERS, new, lane) if new else []
    newcomers = await apply_people(ctx, fresh, Reading(started_at=at), lane, MOST_QUESTIONS)
    return Applied([*applied.arrivals, *newcomers.arrivals], applied.rejected + nameless)


def _outcome(applied: Applied) -> Outcome:
    outcome = Outcome(read=len(applied.arrivals) + applied.rejected, failed=applied.rejected)
    for arrival in applied.arrivals:
        if arrival.verdict is Verdict.CREATED:
            outcome.inserted += 1
        elif arrival.verdict in (Verdict.UPDATED, Verdict.REKEYED):
            outcome.updated += 1
        elif arrival.verdict is Verdict.UNCHANGED:
            outcome.unchanged += 1
        elif arrival.verdict in (Verdict.TOMBSTONED, Verdict.STALE):
            outcome.skipped += 1
        else:
            outcome.failed += 1
    return outcome
