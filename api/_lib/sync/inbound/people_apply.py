"""Handing records of people to the accounts domain, so that one bad record spoils only itself."""

import logging
from collections.abc import Sequence

from msgspec import Struct, structs

from api._lib import metrics
from api._lib.accounts import service as accounts
from api._lib.accounts.service import Arrival, Reading, Verdict
from api._lib.airtable.cells import Cells, created_at
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.limiter import Lane
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.sync.inbound import people_store as store
from api._lib.sync.inbound.link_store import add_stubs
from api._lib.sync.inbound.poison import POISON
from api._lib.sync.inbound.presence import gone_among

log = logging.getLogger(__name__)

BATCH = 500


class Applied(Struct, frozen=True):
    """What became of records; `rejected` could not be stored at all."""

    arrivals: list[Arrival]
    rejected: int = 0


async def apply_people(
    ctx: Context,
    records: Sequence[RemoteRecord],
    reading: Reading,
    lane: Lane,
    questions: int = BATCH,
) -> Applied:
    """Store records; where an address belongs to somebody else, ask whether that record is gone.

    Who has to wait for an address is remembered.
    """
    applied = await _after_asking(ctx, records, reading, lane, questions)
    await store.note_waiting(ctx.db, applied.arrivals)
    return applied


async def _after_asking(
    ctx: Context, records: Sequence[RemoteRecord], reading: Reading, lane: Lane, questions: int
) -> Applied:
    applied = await _in_batches(ctx, records, reading)
    rivals = accounts.rivals_of(applied.arrivals)[:questions]
    gone = await gone_among(ctx.airtable, USERS, rivals, lane)
    if not gone:
        return applied
    freed = {a.id for a in applied.arrivals if a.rival in gone}
    again = [record for record in records if record.id in freed]
    sure = structs.replace(reading, gone=reading.gone | gone)
    second = await _in_batches(ctx, again, sure)
    first = [arrival for arrival in applied.arrivals if arrival.id not in freed]
    return Applied([*first, *second.arrivals], applied.rejected + second.rejected)


async def _in_batches(ctx: Context, records: Sequence[RemoteRecord], reading: Reading) -> Applied:
    arrivals: list[Arrival] = []
    rejected = 0
    for start in range(0, len(records), BATCH):
        applied = await _isolated(ctx, records[start : start + BATCH], reading)
        arrivals += applied.arrivals
        rejected += applied.rejected
    _observe(ctx, records, arrivals)
    return Applied(arrivals, rejected)


async def _isolated(ctx: Context, records: Sequence[RemoteRecord], reading: Reading) -> Applied:
    """Store records together; when the database refuses one, find it by halving (N8)."""
    try:
        return Applied(await _store(ctx, records, reading))
    except POISON as error:
        if len(records) == 1:
            facts = {"user_id": records[0].id, "reason": type(error).__name__}
            log.warning("a person's record was refused", extra=facts)
            return Applied([], rejected=1)
    middle = len(records) // 2
    parts = [await _isolated(ctx, part, reading) for part in (records[:middle], records[middle:])]
    return Applied(
        [arrival for part in parts for arrival in part.arrivals],
        sum(part.rejected for part in parts),
    )


async def _store(ctx: Context, records: Sequence[RemoteRecord], reading: Reading) -> list[Arrival]:
    companies = sorted({i for record in records for i in Cells(USERS, record).links("company")})

    async def block(tx: Transaction) -> list[Arrival]:
        await add_stubs(tx, "companies", companies, reading.started_at)
        return await accounts.apply_airtable_users(tx, records, reading, ctx.clock.now())

    return await ctx.db.run(block)


def _observe(ctx: Context, records: Sequence[RemoteRecord], arrivals: Sequence[Arrival]) -> None:
    """How long people made in Airtable waited until they could log in."""
    made = {record.id: created_at(record) for record in records}
    for arrival in arrivals:
        moment = made.get(arrival.id)
        if arrival.verdict is Verdict.CREATED and moment is not None:
            waited = (ctx.clock.now() - moment).total_seconds()
            metrics.user_provisioning.observe(max(0.0, waited))
