"""Figures of the app and of the worker, for those who know the token."""

import os
from collections.abc import Iterator

import httpx
import pytest
from msgspec import structs

from api._lib.app import App
from api._lib.db import Database
from api._lib.settings import Settings
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.child import Child
from tasks.dev.probe import responds
from tasks.dev.services import HOST, free_port
from tests.operations.serving import ROOT
from tests.operations.tools import worker_command

TOKEN = "a token of the tests"
EVENT = """
    INSERT INTO outbox_events (entity_type, entity_id, operation, created_at)
    VALUES ('program', gen_random_uuid()::text, 'upsert', now() - interval '90 seconds')"""
SERIES = (
    "http_request_seconds",
    "postgres_connections",
    "postgres_up",
    "cache_reads",
    "airtable_calls",
    "outbox_events",
    "outbox_lag_seconds",
    "outbox_delivery_seconds",
    "dead_letters",
    "reminder_jobs",
    "worker_job_seconds",
    "pushes",
    "ai_calls",
    "ai_tokens",
    "workers",
)


def value(text: str, series: str) -> float:
    """The value of a series in Prometheus' text format."""
    return float(
        next(line for line in text.splitlines() if line.startswith(f"{series} ")).split()[-1]
    )


async def ask(settings: Settings, authorization: str | None = None) -> httpx.Response:
    """Ask the app for its figures."""
    async with App(settings).running() as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://mfa.test") as client:
            await client.get("/api/methods")
            headers = [(b"authorization", (authorization or "").encode("latin-1"))]
            return await client.get("/metrics", headers=headers)


async def test_the_app_shows_its_figures_and_the_state_of_the_stores(
    settings: Settings, db: Database
) -> None:
    await db.execute(EVENT)
    answer = await ask(settings)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for series in SERIES:
        assert series in answer.text, series
    assert value(answer.text, 'outbox_events{state="pending"}') == 1
    assert value(answer.text, "outbox_lag_seconds") >= 90
    assert value(answer.text, "postgres_up") == 1
    assert 'route="/api/methods"' in answer.text


async def test_a_table_is_as_old_as_its_listing_or_what_the_webhook_told(
    settings: Settings, db: Database
) -> None:
    await db.execute(
        """INSERT INTO sync_gates (key, last_ok_at)
           SELECT 'listing:' || name, now() - interval '3 hours'
           FROM unnest(ARRAY['methods', 'programs']) AS name"""
    )
    lag = 'inbound_lag_seconds{table="methods"}'
    assert value((await ask(settings)).text, lag) >= 10_800
    await db.execute(
        """INSERT INTO airtable_webhooks (webhook_id, mac_secret_enc, spec_hash, last_ok_at)
           VALUES ('ach', 'x', 'x', now() - interval '1 minute')"""
    )
    text = (await ask(settings)).text
    assert 60 <= value(text, lag) < 10_800
    assert 'inbound_lag_seconds{table="programs"}' not in text, "nothing is taken over there"


async def test_the_app_still_answers_while_postgres_is_away(settings: Settings) -> None:
    away = structs.replace(settings, database_url="postgresql://mfa:x@127.0.0.1:9/mfa")
    answer = await ask(away)
    assert answer.status_code == 200
    assert value(answer.text, "postgres_up") == 0


@pytest.mark.parametrize(
    ("env", "token", "given", "status"),
    [
        ("test", None, None, 200),
        ("production", None, None, 401),
        ("production", None, "Bearer ", 401),
        ("test", TOKEN, None, 401),
        ("test", TOKEN, "Bearer wrong", 401),
        ("test", TOKEN, "Bearer é", 401),
        ("production", TOKEN, f"Bearer {TOKEN}", 200),
    ],
)
async def test_only_those_with_the_token_see_them(
    settings: Settings, env: str, token: str | None, given: str | None, status: int
) -> None:
    chosen = structs.replace(settings, app_env=env, metrics_token=token)
    answer = await ask(chosen, given)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["success"] is False


@pytest.fixture
def worker(environ: dict[str, str], airtable: AirtableServer, tmp_path: object) -> Iterator[str]:
    """The address of a running worker's figures."""
    port = free_port()
    more = {
        "METRICS_PORT": str(port),
        "METRICS_TOKEN": TOKEN,
        "LISTEN_HOST": HOST,
        "WORKER_HEARTBEAT_FILE": f"{tmp_path}/heartbeat",
    }
    whole = os.environ | environ | airtable.environ | more
    child = Child("worker", worker_command(), environ=whole, folder=ROOT)
    child.start()
    url = f"http://{HOST}:{port}/metrics"
    try:
        child.wait_until(lambda: responds(url))
        yield url
    finally:
        child.stop(45)


async def test_the_worker_shows_its_own_by_the_same_rule(worker: str) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        refused = await client.get(worker)
        answer = await client.get(worker, headers={"authorization": f"Bearer {TOKEN}"})
        elsewhere = await client.get(worker.replace("/metrics", "/other"))
    assert (refused.status_code, refused.json()["success"]) == (401, False)
    assert elsewhere.status_code == 404
    assert answer.status_code == 200
    for series in SERIES:
        assert series in answer.text, series
    assert value(answer.text, "postgres_up") == 1
