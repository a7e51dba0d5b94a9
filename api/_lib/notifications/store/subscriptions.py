"""SQL of push subscriptions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

from api._lib.db import Queries, Transaction
from api._lib.notifications.model import Device, Subscription
from api._lib.notifications.rules.devices import DeviceNews

OWNER = "SELECT user_id::text FROM push_subscriptions WHERE endpoint = $1 FOR NO KEY UPDATE"

# Somebody else's endpoint changes hands only together with its keys: the same browser (F3).
UPSERT = """
INSERT INTO push_subscriptions AS s (user_id, endpoint, p256dh, auth, user_agent)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (endpoint) DO UPDATE SET
    user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth,
    user_agent = excluded.user_agent, status = 'active', last_error = NULL,
    failure_count = 0, first_failure_at = NULL
WHERE s.user_id = excluded.user_id
   OR (s.p256dh = excluded.p256dh AND s.auth = excluded.auth)
RETURNING id, endpoint, status"""

REVOKE_OLDEST = """
UPDATE push_subscriptions SET status = 'revoked'
WHERE user_id = $1 AND status = 'active' AND id NOT IN (
    SELECT id FROM push_subscriptions WHERE user_id = $1 AND status = 'active'
    ORDER BY updated_at DESC, id DESC LIMIT $2)"""

REVOKE = """
UPDATE push_subscriptions SET status = 'revoked'
WHERE user_id = $1 AND endpoint = $2 AND status <> 'revoked'"""

REVOKE_ALL = """
UPDATE push_subscriptions SET status = 'revoked'
WHERE user_id = ANY($1::text[]) AND status = 'active'"""

ACTIVE = """
SELECT id, endpoint, p256dh, auth FROM push_subscriptions
WHERE user_id = $1 AND status = 'active' ORDER BY id"""

# Devices are locked in one order: another worker may note the same ones.
NOTE = """
WITH news AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(
        id bigint, worked boolean, gone boolean, refusals int, error text)
), locked AS MATERIALIZED (
    SELECT s.id FROM push_subscriptions AS s JOIN news USING (id)
    ORDER BY s.id FOR NO KEY UPDATE OF s
), noted AS (
    UPDATE push_subscriptions AS s SET
        status = CASE WHEN s.status = 'active' AND (n.gone OR (
                NOT n.worked AND s.failure_count + n.refusals >= $3
                AND n.refusals > 0 AND s.first_failure_at <= $2::timestamptz - $4::interval))
            THEN 'expired' ELSE s.status END,
        failure_count = CASE WHEN n.worked THEN 0 ELSE s.failure_count + n.refusals END,
        first_failure_at = CASE WHEN n.worked THEN NULL WHEN n.refusals > 0
            THEN coalesce(s.first_failure_at, $2) ELSE s.first_failure_at END,
        last_success_at = CASE WHEN n.worked THEN $2 ELSE s.last_success_at END,
        last_error = n.error
    FROM locked JOIN news AS n USING (id) WHERE s.id = locked.id
    RETURNING s.user_id::text, s.status
)
SELECT DISTINCT user_id FROM noted WHERE status = 'expired'"""


class NewSubscription(Struct, frozen=True):
    """What a browser hands over."""

    endpoint: str
    p256dh: str
    auth: str
    user_agent: str | None


async def subscribe(
    tx: Transaction, user_id: str, new: NewSubscription, most: int
) -> Subscription | None:
    """Store a subscription as somebody's own; nothing when it is another person's (F3).

    Of more than `most` active ones the oldest are revoked.
    """
    owner: str | None = await tx.fetchval(OWNER, new.endpoint)
    row = await tx.fetchrow(UPSERT, user_id, new.endpoint, new.p256dh, new.auth, new.user_agent)
    if row is None:
        return None
    await tx.execute(REVOKE_OLDEST, user_id, most)
    return Subscription(**dict(row), former_owner=None if owner == user_id else owner)


async def revoke(tx: Transaction, user_id: str, endpoint: str) -> None:
    """End somebody's own subscription, if it is one."""
    await tx.execute(REVOKE, user_id, endpoint)


async def revoke_all(tx: Transaction, user_ids: Sequence[str]) -> None:
    """End all subscriptions of people."""
    await tx.execute(REVOKE_ALL, user_ids)


async def active(q: Queries, user_id: str) -> Sequence[Device]:
    """The devices of a person, the oldest first."""
    return [Device(**dict(row)) for row in await q.fetch(ACTIVE, user_id)]


async def note(
    tx: Transaction, found: Iterable[DeviceNews], now: datetime, limit: int, period: timedelta
) -> Sequence[str]:
    """Store what was learned of devices; the people who lost one.

    A device expires when it is gone, or refused at least `limit` times over the period.
    """
    rows = [structs.asdict(item) for item in found]
    if not rows:
        return []
    return [row["user_id"] for row in await tx.fetch(NOTE, rows, now, limit, period)]
