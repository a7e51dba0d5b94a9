"""Airtable's webhook: kept registered, drained from its cursor, served within seconds."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs

from api._lib.airtable.errors import AirtableError
from api._lib.content import service as content
from api._lib.context import Context, open_resources
from api._lib.settings import Settings
from api._lib.sync.inbound import webhook_feed
from api._lib.sync.inbound import webhook_store as store
from api._lib.sync.inbound.content import import_content
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.listing import BusyError
from api._lib.sync.inbound.people import list_people
from api._lib.sync.inbound.webhook_feed import drain
from api._lib.sync.inbound.webhook_rules import is_public, wanted_url
from api._lib.sync.inbound.webhooks import keep_registered
from api._lib.sync.locks import exclusive
from tasks.dev.airtable.testing import AirtableServer
from tests.operations.serving import ServerProcess
from tests.sync.workers import prepared_worker

URL = "http://127.0.0.1:9/api/sync/airtable/webhook"
USERS = "Gebruikers"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that ask for webhooks, although nobody can reach this machine."""
    return structs.replace(
        settings, airtable_webhooks_enabled=True, airtable_webhook_url=URL, jwt_secret="s" * 32
    )


@pytest.fixture
async def registered(ctx: Context) -> Context:
    """A process whose webhook is registered and drained."""
    assert await keep_registered(ctx) == "registered"
    await drain(ctx, only_news=True)
    return ctx


async def current(ctx: Context) -> store.Webhook:
    known = await store.current(ctx.db, ctx.settings.jwt_secret)
    assert known is not None
    return known


async def names(ctx: Context) -> list[str]:
    return [method.name for method in await content.items(ctx, content.METHODS)]


async def texts(ctx: Context) -> dict[str, str]:
    """The served texts by key."""
    rows = await ctx.db.fetch("SELECT key, nl FROM translations WHERE archived_at IS NULL")
    return {row["key"]: row["nl"] for row in rows}


def person(airtable: AirtableServer, name: str = "An") -> str:
    fields = {"Naam": name, "E-mailadres": f"{name.lower()}@voorbeeld.test"}
    return airtable.control.create(USERS, fields)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://mfa.example.com", True),
        ("https://8.8.8.8", True),
        ("http://mfa.example.com", False),
        ("https://localhost", False),
        ("https://192.168.1.4", False),
        ("https://127.0.0.1:3000", False),
        ("", False),
    ],
)
def test_webhooks_need_an_address_others_can_reach(
    settings: Settings, url: str, public: bool
) -> None:
    assert is_public(url) == public
    plain = structs.replace(
        settings, app_url=url, airtable_webhooks_enabled=None, airtable_webhook_url=None
    )
    expected = f"{url}/api/sync/airtable/webhook" if public else None
    assert wanted_url(plain) == expected
    assert wanted_url(structs.replace(plain, airtable_webhooks_enabled=False)) is None


async def test_one_webhook_is_registered_and_then_refreshed(
    registered: Context, airtable: AirtableServer
) -> None:
    [hook] = airtable.control.webhooks()
    assert hook["notification_url"] == URL
    watched = hook["specification"]["options"]["filters"]["watchDataInFieldIds"]
    assert airtable.control.field_id(USERS, "Naam") in watched
    assert airtable.control.field_id(USERS, "Bonus Punten") not in watched
    assert airtable.control.field_id("Vertalingen", "nl") in watched
    airtable.control.advance(86_400)
    assert await keep_registered(registered) == "refreshed"
    [again] = airtable.control.webhooks()
    assert again["id"] == hook["id"]
    assert again["expires"] > hook["expires"]
    assert await store.is_healthy(registered.db)


async def test_a_webhook_that_expired_is_registered_anew_and_everything_is_listed(
    registered: Context, airtable: AirtableServer
) -> None:
    await registered.db.execute(
        "INSERT INTO sync_gates (key, last_started_at) VALUES ('full', now())"
    )
    airtable.control.advance(8 * 86_400)
    assert await keep_registered(registered) == "registered"
    started = "SELECT last_started_at FROM sync_gates WHERE key = 'full'"
    assert await registered.db.fetchval(started) is None


async def test_a_secret_nobody_can_read_means_a_new_webhook(
    registered: Context, settings: Settings, airtable: AirtableServer
) -> None:
    [before] = airtable.control.webhooks()
    async with open_resources(structs.replace(settings, jwt_secret="t" * 32)) as resources:
        assert await keep_registered(Context(resources)) == "registered"
    [after] = airtable.control.webhooks()
    assert after["id"] != before["id"]


async def test_without_the_right_for_webhooks_airtable_is_polled(
    ctx: Context, airtable: AirtableServer
) -> None:
    airtable.control.scopes(["data.records:read", "data.records:write", "schema.bases:read"])
    assert await keep_registered(ctx) == "forbidden"
    assert not await store.is_healthy(ctx.db)


async def test_switched_off_the_webhook_is_removed(
    registered: Context, settings: Settings, airtable: AirtableServer
) -> None:
    off = structs.replace(settings, airtable_webhooks_enabled=False)
    async with open_resources(off) as resources:
        assert await keep_registered(Context(resources)) == "off"
    assert airtable.control.webhooks() == []


async def test_content_made_changed_hidden_and_deleted_is_followed(
    registered: Context, airtable: AirtableServer
) -> None:
    a = airtable.control.create("Methodes", {"Methode Naam": "a"})
    b = airtable.control.create("Methodes", {"Methode Naam": "b"})
    await drain(registered, only_news=False)
    assert await names(registered) == ["a", "b"]
    airtable.control.edit("Methodes", a, {"Methode Naam": "A"})
    airtable.control.delete("Methodes", b)
    await drain(registered, only_news=False)
    assert await names(registered) == ["A"]
    c = airtable.control.create("Methodes", {"Methode Naam": "c"})
    airtable.control.reorder("Methodes", "App", [c, a])
    await drain(registered, only_news=False)
    assert await names(registered) == ["c", "A"]
    before = await registered.db.fetch("SELECT updated_at FROM methods ORDER BY id")
    await import_content(registered, CONTENT["methods"])
    assert await registered.db.fetch("SELECT updated_at FROM methods ORDER BY id") == before


async def test_texts_are_followed_too(registered: Context, airtable: AirtableServer) -> None:
    a = airtable.control.create("Vertalingen", {"Key": "a", "nl": "A"})
    airtable.control.create("Vertalingen", {"Key": "b", "nl": "B"})
    await drain(registered, only_news=False)
    airtable.control.delete("Vertalingen", a)
    await drain(registered, only_news=False)
    assert await texts(registered) == {"b": "B"}


async def test_the_old_key_of_a_text_goes_when_it_is_changed_or_blanked(
    registered: Context, airtable: AirtableServer
) -> None:
    a = airtable.control.create("Vertalingen", {"Key": "a", "nl": "A"})
    b = airtable.control.create("Vertalingen", {"Key": "b", "nl": "B"})
    await drain(registered, only_news=False)
    airtable.control.edit("Vertalingen", a, {"Key": "c"})
    airtable.control.edit("Vertalingen", b, {"Key": None})
    await drain(registered, only_news=False)
    assert await texts(registered) == {"c": "A"}


async def test_a_copy_of_a_text_leaves_the_original_alone(
    registered: Context, airtable: AirtableServer
) -> None:
    airtable.control.create("Vertalingen", {"Key": "a", "nl": "A"})
    await drain(registered, only_news=False)
    copy = airtable.control.create("Vertalingen", {"Key": "a", "nl": "A"})
    airtable.control.edit("Vertalingen", copy, {"nl": "B"})
    await drain(registered, only_news=False)
    assert await texts(registered) == {"a": "A"}
    airtable.control.edit("Vertalingen", copy, {"Key": "b"})
    await drain(registered, only_news=False)
    assert await texts(registered) == {"a": "A", "b": "B"}


async def test_people_are_followed_and_deleted_ones_shut_out(
    registered: Context, airtable: AirtableServer
) -> None:
    an, bo = person(airtable, "An"), person(airtable, "Bo")
    await drain(registered, only_news=False)
    airtable.control.edit(USERS, an, {"Status": "Geen toegang"})
    airtable.control.delete(USERS, bo)
    await drain(registered, only_news=False)
    rows = await registered.db.fetch("SELECT id, status FROM users")
    assert {row["id"]: row["status"] for row in rows} == {an: "disabled", bo: "deleted"}


async def test_the_cursor_moves_only_after_the_changes_are_stored(
    registered: Context, airtable: AirtableServer
) -> None:
    airtable.control.create("Methodes", {"Methode Naam": "a"})
    before = await current(registered)
    table = registered.airtable.table_id("methods")
    airtable.control.fault(status=503, table=table, method="POST", count=1)
    with pytest.raises(AirtableError):
        await drain(registered, only_news=False)
    assert (await current(registered)).cursor == before.cursor
    await drain(registered, only_news=False)
    assert await names(registered) == ["a"]
    assert (await current(registered)).cursor == before.cursor + 1


async def test_many_payloads_are_read_to_the_end(
    registered: Context, airtable: AirtableServer
) -> None:
    for number in range(120):
        airtable.control.create("Doelstellingen", {"Doelstelling Naam": str(number)})
    counts = await drain(registered, only_news=False)
    assert counts["payloads"] == 120
    assert await registered.db.fetchval("SELECT count(*) FROM goals") == 120


async def test_a_gap_in_the_payloads_means_that_every_table_is_listed(
    registered: Context, airtable: AirtableServer
) -> None:
    airtable.control.create("Methodes", {"Methode Naam": "a"})
    an = person(airtable)
    airtable.control.drop_payloads((await current(registered)).id)
    await drain(registered, only_news=False)
    assert await names(registered) == ["a"]
    assert await registered.db.fetchval("SELECT id FROM users") == an


async def test_a_deletion_is_not_lost_because_another_process_lists_the_table(
    registered: Context, airtable: AirtableServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = airtable.control.create("Vertalingen", {"Key": "dag", "nl": "Dag"})
    airtable.control.create("Vertalingen", {"Key": "avond", "nl": "Avond"})
    await drain(registered, only_news=False)
    airtable.control.delete("Vertalingen", text)
    monkeypatch.setattr(webhook_feed, "PATIENCE_SECONDS", 0.1)
    async with exclusive(registered.db, "listing:translations"):
        with pytest.raises(BusyError):
            await drain(registered, only_news=False)
    await drain(registered, only_news=False)
    living = "SELECT key FROM translations WHERE archived_at IS NULL"
    assert await registered.db.fetchval(living) == "avond"


async def test_a_second_monday_does_not_take_the_place_of_the_first(
    registered: Context, airtable: AirtableServer
) -> None:
    monday = airtable.control.create("Dagen van de week", {"Name": "Maandag"})
    await drain(registered, only_news=False)
    airtable.control.create("Dagen van de week", {"Name": "Maandag"})
    await drain(registered, only_news=False)
    first = "SELECT id FROM weekdays WHERE iso_weekday = 1"
    assert await registered.db.fetchval(first) == monday


async def test_N8_a_table_that_cannot_be_stored_does_not_hold_up_the_others(
    registered: Context, airtable: AirtableServer
) -> None:
    await registered.db.execute("ALTER TABLE methods ADD CHECK (name <> 'slecht')")
    airtable.control.create("Methodes", {"Methode Naam": "slecht"})
    an = person(airtable)
    await drain(registered, only_news=False)
    assert await registered.db.fetchval("SELECT id FROM users") == an
    gate = "SELECT last_error FROM sync_gates WHERE key = 'listing:methods'"
    assert "CheckViolation" in await registered.db.fetchval(gate)


@pytest.mark.parametrize("is_gap", [False, True])
async def test_N8_a_field_that_a_coach_removed_does_not_hold_up_the_other_tables(
    registered: Context, airtable: AirtableServer, is_gap: bool
) -> None:
    method = airtable.control.create("Methodes", {"Methode Naam": "a", "Techniek": "b"})
    an = person(airtable)
    await drain(registered, only_news=False)
    airtable.control.drop_field("Methodes", "Techniek")
    airtable.control.edit("Methodes", method, {"Methode Naam": "c"})
    airtable.control.edit(USERS, an, {"Status": "Geen toegang"})
    if is_gap:
        airtable.control.drop_payloads((await current(registered)).id)
    await drain(registered, only_news=False)
    assert await registered.db.fetchval("SELECT status FROM users") == "disabled"
    assert await names(registered) == ["a"]
    gate = "SELECT last_error FROM sync_gates WHERE key = 'listing:methods'"
    assert "UNKNOWN_FIELD_NAME" in await registered.db.fetchval(gate)


@pytest.mark.parametrize("status", [403, 404])
async def test_N8_a_table_that_a_coach_removed_does_not_hold_up_the_others(
    registered: Context, airtable: AirtableServer, status: int
) -> None:
    airtable.control.create("Methodes", {"Methode Naam": "a"})
    an = person(airtable)
    methods, people = (registered.airtable.table_id(name) for name in ("methods", "users"))
    airtable.control.fault(status=status, table=methods, count=0)
    await drain(registered, only_news=False)
    assert await registered.db.fetchval("SELECT id FROM users") == an
    assert await names(registered) == []
    # Where people are out of reach, too, it is the token.
    airtable.control.create("Methodes", {"Methode Naam": "b"})
    airtable.control.fault(status=403, table=people, count=0)
    before = (await current(registered)).cursor
    with pytest.raises(AirtableError):
        await drain(registered, only_news=False)
    assert (await current(registered)).cursor == before


async def test_what_we_write_ourselves_wakes_nobody(
    registered: Context, airtable: AirtableServer
) -> None:
    an = person(airtable)
    await drain(registered, only_news=False)
    airtable.control.edit(USERS, an, {"Bonus Punten": 5, "Huidige Streak": 2}, source="publicApi")
    goal = {"Naam": "Wandelen", "Gebruikers": [an]}
    airtable.control.create("Persoonlijke doelen", goal, source="publicApi")
    assert (await drain(registered, only_news=False))["payloads"] == 0


async def test_workers_who_come_late_ask_nothing(
    registered: Context, airtable: AirtableServer
) -> None:
    await store.note_ping(registered.db, (await current(registered)).id)
    airtable.control.clear_requests()
    await asyncio.gather(*(drain(registered, only_news=True) for _ in range(1)))
    for _ in range(3):
        await drain(registered, only_news=True)
    assert len(airtable.control.requests()) == 1


async def test_N9_a_person_deleted_by_a_webhook_is_found_again_by_the_listing(
    registered: Context, airtable: AirtableServer
) -> None:
    an = person(airtable)
    await drain(registered, only_news=False)
    await registered.db.execute("UPDATE users SET status = 'deleted', deleted_at = now()")
    await list_people(registered)
    assert await registered.db.fetchval("SELECT status FROM users WHERE id = $1", an) == "active"


async def test_a_change_is_served_within_three_seconds(
    airtable_environ: dict[str, str], airtable: AirtableServer, tmp_path: Path
) -> None:
    """The whole way: Airtable calls the server, which wakes the worker, which stores the change."""
    method = airtable.control.create("Methodes", {"Methode Naam": "oud"})
    environ = airtable_environ | {
        "AIRTABLE_WEBHOOKS_ENABLED": "true",
        "AIRTABLE_MIN_INTERVAL_MS": "210",
        "USER_FAST_LANE_ENABLED": "false",
        "FULL_AIRTABLE_POLL_SYNC_ENABLED": "false",
    }
    server = ServerProcess(environ)
    environ["AIRTABLE_WEBHOOK_URL"] = f"{server.url}/api/sync/airtable/webhook"
    with server, prepared_worker(environ, tmp_path):
        async with httpx.AsyncClient(base_url=server.url) as client:
            airtable.control.wait_for(airtable.control.webhooks, 60)

            async def served(name: str) -> float:
                began = time.monotonic()
                while name not in await _served(client):
                    assert time.monotonic() - began < 20
                    await asyncio.sleep(0.02)
                return time.monotonic() - began

            airtable.control.edit("Methodes", method, {"Methode Naam": "warm"})
            await served("warm")
            seconds = []
            for number in range(5):
                airtable.control.edit("Methodes", method, {"Methode Naam": str(number)})
                seconds.append(await served(str(number)))
    assert max(seconds) < 3, seconds


async def _served(client: httpx.AsyncClient) -> list[Any]:
    methods = (await client.get("/api/methods")).json()["data"]
    return [method["name"] for method in methods]
