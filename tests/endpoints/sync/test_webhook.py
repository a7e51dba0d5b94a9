"""`POST /api/sync/airtable/webhook`: Airtable's call, known by its signature."""

import json

import httpx
import pytest

from api._lib.context import Context
from api._lib.guard import airtable_mac
from api._lib.sync.inbound import webhook_store as store
from api._lib.sync.inbound.webhook_store import Webhook

PATH = "/api/sync/airtable/webhook"
SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
BODY = json.dumps(
    {
        "base": {"id": "app00000000000000"},
        "webhook": {"id": "ach00000000000000"},
        "timestamp": "2026-01-01T00:00:00.000Z",
    },
    separators=(",", ":"),
).encode()
MAC = "hmac-sha256=f2adf97318d8e56041f5af5ac3c33193490a6f7bfac84e5adc4fc9b76dae5ed3"


@pytest.fixture
async def webhook(ctx: Context) -> Webhook:
    """A registered webhook."""
    made = Webhook("ach00000000000000", "hash", SECRET, 1, None, None, None)
    await store.replace(ctx.db, made, ctx.settings.jwt_secret)
    return made


async def ping(client: httpx.AsyncClient, body: bytes = BODY, mac: str = MAC) -> httpx.Response:
    headers = {"content-type": "application/json", "x-airtable-content-mac": mac}
    return await client.post(PATH, content=body, headers=headers)


def test_the_signature_is_airtables_own() -> None:
    assert airtable_mac(SECRET, BODY) == MAC


async def test_a_signed_call_is_answered_204_and_noted(
    client: httpx.AsyncClient, ctx: Context, webhook: Webhook
) -> None:
    answer = await ping(client)
    assert (answer.status_code, answer.content) == (204, b"")
    known = await store.current(ctx.db, ctx.settings.jwt_secret)
    assert known is not None
    assert known.last_ping_at is not None
    assert known.has_news


@pytest.mark.parametrize("mac", ["", MAC[:-1] + "0", MAC.removeprefix("hmac-sha256="), "x"])
async def test_a_wrong_signature_is_401(
    client: httpx.AsyncClient, ctx: Context, webhook: Webhook, mac: str
) -> None:
    assert (await ping(client, mac=mac)).status_code == 401
    known = await store.current(ctx.db, ctx.settings.jwt_secret)
    assert known is not None
    assert known.last_ping_at is None


async def test_a_changed_body_is_401(client: httpx.AsyncClient, webhook: Webhook) -> None:
    assert (await ping(client, body=BODY + b" ")).status_code == 401


async def test_an_unknown_webhook_is_404(client: httpx.AsyncClient) -> None:
    assert (await ping(client)).status_code == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"webhook": "x"}', b"\xff"])
async def test_another_body_is_400(
    client: httpx.AsyncClient, webhook: Webhook, body: bytes
) -> None:
    assert (await ping(client, body=body)).status_code == 400


async def test_the_secret_is_stored_encrypted_and_lost_with_the_key(
    ctx: Context, webhook: Webhook
) -> None:
    stored = await ctx.db.fetchval("SELECT mac_secret_enc FROM airtable_webhooks")
    assert SECRET not in stored
    known = await store.current(ctx.db, "another secret")
    assert known is not None
    assert known.secret is None
