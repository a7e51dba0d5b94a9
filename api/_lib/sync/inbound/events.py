"""What automations of Airtable tell about people, and what they are answered (sync 11.10.5)."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from api._lib.accounts import service as accounts
from api._lib.accounts.service import Reading, Verdict
from api._lib.airtable.cells import parse_moment
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.people import USERS
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.errors import bad_request, unauthorized
from api._lib.limits import SYNC_ADDRESS, SYNC_ALL, Use
from api._lib.sync.inbound.inbox import Event, Taken, take
from api._lib.sync.inbound.reading import started
from api._lib.sync.inbound.webhook_store import call
from api._lib.wire import is_record_id

USER_SOURCE = "user_webhook"
TABLE_SOURCE = "airtable_webhook"
MOST_RECORDS = 100
TOLERANCE = timedelta(minutes=5)
TRUSTED = ("name", "role", "languageCode")
"""What may be believed of a caller, if the settings say so: never address, hash or status."""

REASONS = {
    Verdict.TOMBSTONED: "erased",
    Verdict.STALE: "changed here meanwhile",
    Verdict.NO_EMAIL: "no e-mail address",
    Verdict.DUPLICATE_EMAIL: "address of somebody else",
}


class PersonTold(Struct, frozen=True):
    """The answer to news about one person."""

    event_id: str
    status: str | None
    reason: str | None = None

    @property
    def is_repeated(self) -> bool:
        """Whether it was told before."""
        return self.status is None


async def limit(ctx: Context) -> None:
    """Count a call of the inbound endpoints; raises a 429."""
    address = ctx.client_address or "unknown"
    await ctx.limits.take(Use(SYNC_ADDRESS, address), Use(SYNC_ALL, "all"))


def check_age(ctx: Context, occurred_at: str | None) -> None:
    """Refuse signed news that is older or newer than five minutes; raises a 401."""
    if occurred_at is None or not ctx.settings.airtable_sync_require_signature:
        return
    moment = parse_moment(occurred_at)
    if moment is None or abs(ctx.now - moment) > TOLERANCE:
        raise unauthorized()


def record_id(*given: str | None) -> str:
    """The one record id that was given under any name; raises a 400."""
    found = next((text for text in given if text), None)
    if found is None:
        raise bad_request("field_required", field="recordId")
    if not is_record_id(found):
        raise bad_request("field_invalid", field="recordId")
    return found


async def person_told(ctx: Context, event_id: str | None, user_id: str) -> PersonTold:
    """Take over one person whom an automation named."""
    taken = await take(ctx, Event(USER_SOURCE, event_id, (user_id,)))
    if taken.is_repeated:
        return PersonTold(taken.event_id, None)
    for unsure in taken.unsure:
        await call(ctx.db, "recheck_user", unsure)
    if taken.deleted:
        return PersonTold(taken.event_id, "deleted")
    [arrival] = taken.arrivals
    reason = REASONS.get(arrival.verdict)
    return PersonTold(taken.event_id, "ignored" if reason else "synced", reason)


async def people_told(
    ctx: Context, event_id: str | None, records: Sequence[tuple[str, Mapping[str, object]]]
) -> Taken:
    """Take over people whom a caller named; of the caller only ids are believed (N7)."""
    if not records or len(records) > MOST_RECORDS:
        raise bad_request("field_invalid", field="records")
    ids = tuple(dict.fromkeys(record_id for record_id, _ in records))
    name = ids[0] if len(ids) == 1 else "batch"
    event_id = event_id or f"{time.time_ns() // 1_000_000}-{name}"
    taken = await take(ctx, Event(TABLE_SOURCE, event_id, ids))
    if ctx.settings.sync_inbound_trust_payload and not taken.is_repeated:
        await _believe(ctx, records)
    for user_id in taken.unsure:
        await call(ctx.db, "recheck_user", user_id)
    return taken


async def _believe(ctx: Context, records: Sequence[tuple[str, Mapping[str, object]]]) -> None:
    """Take name, role and language as a trusted caller gives them, of people we have."""
    at = await started(ctx.db)
    rows = await ctx.db.fetch(
        "SELECT id::text, email FROM users WHERE id = ANY ($1::text[])",
        [user_id for user_id, _ in records],
    )
    emails = {row["id"]: row["email"] for row in rows}
    for user_id, values in records:
        told = {name: values[name] for name in TRUSTED if isinstance(values.get(name), str)}
        if user_id not in emails or not told:
            continue
        cells = {USERS.field(name).key: value for name, value in told.items()}
        cells[USERS.field("email").key] = emails[user_id]
        record = RemoteRecord(user_id, "", cells)
        reading = Reading(started_at=at, delivered=frozenset(told))
        await _apply(ctx, record, reading)


async def _apply(ctx: Context, record: RemoteRecord, reading: Reading) -> None:
    async def block(tx: Transaction) -> None:
        await accounts.apply_airtable_users(tx, [record], reading, ctx.clock.now())

    await ctx.db.run(block)
