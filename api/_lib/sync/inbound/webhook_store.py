"""The registered webhook, its secret encrypted with a key that follows from JWT_SECRET."""

import base64
import logging
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from api._lib.db import Queries

log = logging.getLogger(__name__)

CHANNEL = "mfa_inbound"
"""Postgres channel on which the application wakes the reading half of the workers."""

HEALTHY_MINUTES = 20


class Webhook(Struct, frozen=True):
    """What is remembered of the webhook; no secret when it cannot be read any more."""

    id: str
    spec_hash: str
    secret: str | None
    cursor: int
    expires_at: datetime | None
    last_ping_at: datetime | None
    last_ok_at: datetime | None

    @property
    def has_news(self) -> bool:
        """Whether Airtable called since payloads were last listed, or they never were."""
        if self.last_ok_at is None:
            return True
        return self.last_ping_at is not None and self.last_ping_at > self.last_ok_at


async def current(q: Queries, jwt_secret: str) -> Webhook | None:
    """The registered webhook."""
    row = await q.fetchrow("SELECT * FROM airtable_webhooks ORDER BY created_at DESC LIMIT 1")
    return None if row is None else _webhook(row, jwt_secret)


async def find(q: Queries, webhook_id: str, jwt_secret: str) -> Webhook | None:
    """A webhook by its id."""
    row = await q.fetchrow("SELECT * FROM airtable_webhooks WHERE webhook_id = $1", webhook_id)
    return None if row is None else _webhook(row, jwt_secret)


async def is_healthy(q: Queries) -> bool:
    """Whether webhooks can be relied on, so that polls may be rare."""
    return bool(
        await q.fetchval(
            """SELECT EXISTS (
                   SELECT FROM airtable_webhooks
                   WHERE expires_at > now()
                     AND last_ok_at > now() - make_interval(mins => $1))""",
            HEALTHY_MINUTES,
        )
    )


async def replace(q: Queries, webhook: Webhook, jwt_secret: str) -> None:
    """Remember a webhook as the only one."""
    await q.execute(
        """WITH others AS (DELETE FROM airtable_webhooks WHERE webhook_id <> $1)
           INSERT INTO airtable_webhooks
               (webhook_id, mac_secret_enc, spec_hash, cursor, expires_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (webhook_id) DO NOTHING""",
        webhook.id,
        _cipher(jwt_secret).encrypt((webhook.secret or "").encode()).decode(),
        webhook.spec_hash,
        webhook.cursor,
        webhook.expires_at,
    )


async def set_expiry(q: Queries, webhook_id: str, expires_at: datetime | None) -> None:
    """Note until when a webhook lives."""
    await q.execute(
        "UPDATE airtable_webhooks SET expires_at = $2 WHERE webhook_id = $1",
        webhook_id,
        expires_at,
    )


async def advance(q: Queries, webhook_id: str, cursor: int) -> None:
    """Note that everything before a cursor is applied."""
    await q.execute(
        "UPDATE airtable_webhooks SET cursor = greatest(cursor, $2) WHERE webhook_id = $1",
        webhook_id,
        cursor,
    )


async def note_listed(q: Queries, webhook_id: str, began_at: datetime) -> None:
    """Note that everything told before a moment is applied; listing also prolongs its life."""
    await q.execute(
        """UPDATE airtable_webhooks
           SET last_ok_at = $2::timestamptz,
               expires_at = greatest(expires_at, $2::timestamptz + interval '7 days')
           WHERE webhook_id = $1""",
        webhook_id,
        began_at,
    )


async def note_ping(q: Queries, webhook_id: str) -> None:
    """Note a call of Airtable and wake the workers, in one statement."""
    await q.fetchval(
        """WITH ping AS (
               UPDATE airtable_webhooks SET last_ping_at = clock_timestamp()
               WHERE webhook_id = $1 RETURNING webhook_id)
           SELECT pg_notify($2, 'drain_webhook') FROM ping""",
        webhook_id,
        CHANNEL,
    )


async def call(q: Queries, job: str, argument: str = "") -> None:
    """Wake the workers for a job of the reading half."""
    await q.fetchval("SELECT pg_notify($1, $2)", CHANNEL, f"{job}:{argument}".rstrip(":"))


async def forget(q: Queries) -> None:
    """Remember no webhook any more."""
    await q.execute("DELETE FROM airtable_webhooks")


def _webhook(row: Any, jwt_secret: str) -> Webhook:
    return Webhook(
        id=row["webhook_id"],
        spec_hash=row["spec_hash"],
        secret=_decrypted(row["mac_secret_enc"], jwt_secret),
        cursor=row["cursor"],
        expires_at=row["expires_at"],
        last_ping_at=row["last_ping_at"],
        last_ok_at=row["last_ok_at"],
    )


def _decrypted(text: str, jwt_secret: str) -> str | None:
    try:
        return _cipher(jwt_secret).decrypt(text.encode()).decode()
    except InvalidToken:
        log.warning("the secret of the webhook cannot be read, so it is made anew")
        return None


def _cipher(jwt_secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"airtable-webhook").derive(jwt_secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
