"""`POST /api/sync/users/inbound` and `POST /api/sync/inbound` (sync 11.10.5, 11.19)."""

import asyncio
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api._lib.context import Context
from api._lib.sync.inbound.webhook_store import CHANNEL
from api._lib.wire import moment
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.sync.conftest import SECRETS

USERS = "Gebruikers"
ONE, MANY = "/api/sync/users/inbound", "/api/sync/inbound"
SECRET = SECRETS["AIRTABLE_USER_SYNC_SECRET"]


def add(airtable: AirtableServer, name: str = "An", **cells: Any) -> str:
    fields = {"Naam": name, "E-mailadres": f"{name.lower()}@voorbeeld.test", **cells}
    return airtable.control.create(USERS, fields)


async def tell(client: httpx.AsyncClient, path: str = ONE, **body: Any) -> httpx.Response:
    name = "AIRTABLE_USER_SYNC_SECRET" if path == ONE else "AIRTABLE_INBOUND_SYNC_SECRET"
    return await client.post(path, json=body, headers={"x-sync-secret": SECRETS[name]})


async def told(client: httpx.AsyncClient, path: str = ONE, **body: Any) -> dict[str, Any]:
    answer = await tell(client, path, **body)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def status(ctx: Context, user_id: str) -> str | None:
    found: str | None = await ctx.db.fetchval("SELECT status FROM users WHERE id = $1", user_id)
    return found


async def test_a_person_told_of_can_log_in_at_once(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    data = await told(client, recordId=an, eventId="evt-1")
    assert data == {"eventId": "evt-1", "status": "synced"}
    assert await status(ctx, an) == "active"


async def test_N6_an_event_told_twice_is_taken_once(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    await told(client, record_id=an, event_id="evt-1")
    airtable.control.edit(USERS, an, {"Naam": "Anna"})
    airtable.control.clear_requests()
    data = await told(client, recordId=an, eventId="evt-1")
    assert data == {"eventId": "evt-1", "deduplicated": True}
    assert airtable.control.requests() == []


async def test_N6_without_an_id_the_content_tells_whether_it_is_news(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    first = await told(client, recordId=an)
    assert first["status"] == "synced"
    assert await told(client, recordId=an) == {"eventId": first["eventId"], "deduplicated": True}
    airtable.control.edit(USERS, an, {"Naam": "Anna"})
    assert (await told(client, recordId=an))["status"] == "synced"
    airtable.control.edit(USERS, an, {"Naam": "An"})
    assert (await told(client, recordId=an))["status"] == "synced"
    assert await ctx.db.fetchval("SELECT name FROM users") == "An"


@pytest.mark.parametrize("path", [ONE, MANY])
async def test_11_10_3_who_was_written_to_meanwhile_is_looked_at_again(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer, path: str
) -> None:
    an = add(airtable)
    await told(client, recordId=an)
    later = "UPDATE airtable_links SET pushed_at = now() + interval '1 minute'"
    await ctx.db.execute(later)
    calls: list[object] = []

    def hear(*call: object) -> None:
        calls.append(call[-1])

    async with ctx.db.connection() as connection, asyncio.timeout(10):
        await connection.add_listener(CHANNEL, hear)
        await told(client, path, recordId=an, table="users", eventId="evt-1")
        while not calls:
            await connection.execute("SELECT 1")
        await connection.remove_listener(CHANNEL, hear)
    assert calls == [f"recheck_user:{an}"]


@pytest.mark.parametrize("trouble", [401, 403, 429, 500, 503])
async def test_N2_example_9_trouble_answers_503_and_changes_nothing(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer, trouble: int
) -> None:
    an = add(airtable)
    await told(client, recordId=an)
    airtable.control.fault(status=trouble, count=0)
    answer = await tell(client, recordId=an, eventId="evt-1")
    assert answer.status_code == 503
    assert await status(ctx, an) == "active"
    assert await ctx.db.fetchval("SELECT count(*) FROM inbox_events WHERE event_id = 'evt-1'") == 0


async def test_a_person_who_is_gone_is_shut_out_and_comes_back(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    await told(client, recordId=an)
    fields = airtable.control.record(USERS, an)["fields"]
    airtable.control.delete(USERS, an)
    assert (await told(client, recordId=an))["status"] == "deleted"
    assert await status(ctx, an) == "deleted"
    again = airtable.control.create(USERS, {k: fields[k] for k in ("Naam", "E-mailadres")})
    assert (await told(client, recordId=again))["status"] == "synced"
    assert await status(ctx, again) == "active"


async def test_records_that_are_not_taken_say_why(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    await told(client, recordId=add(airtable))
    nameless = airtable.control.create(USERS, {"Naam": "Leeg"})
    twin = add(airtable, "Twee", **{"E-mailadres": "an@voorbeeld.test"})
    for record, reason in ((nameless, "no e-mail address"), (twin, "address of somebody else")):
        data = await told(client, recordId=record)
        assert (data["status"], data["reason"]) == ("ignored", reason)
        assert await status(ctx, record) is None


async def test_N5_a_record_made_anew_keeps_the_person(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    old = add(airtable)
    await told(client, recordId=old)
    await ctx.db.execute("UPDATE user_rewards SET longest_streak = 9")
    airtable.control.delete(USERS, old)
    new = add(airtable)
    assert (await told(client, recordId=new))["status"] == "synced"
    assert await ctx.db.fetchval("SELECT longest_streak FROM user_rewards WHERE user_id = $1", new)


@pytest.mark.parametrize("body", [{}, {"recordId": ""}, {"recordId": "rec1"}, {"recordId": 7}])
async def test_a_wrong_id_is_400(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await tell(client, **body)).status_code == 400


async def test_N7_the_signature_of_the_body_is_as_good_as_the_secret(
    client: httpx.AsyncClient, airtable: AirtableServer
) -> None:
    body = json.dumps({"recordId": add(airtable)}).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    common = {"content-type": "application/json"}
    for signature in (digest, f"sha256={digest}"):
        headers = common | {"x-signature": signature}
        assert (await client.post(ONE, content=body, headers=headers)).status_code == 200
    headers = common | {"x-signature": digest}
    assert (await client.post(ONE, content=body + b" ", headers=headers)).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"x-sync-secret": "wrong"}, {"x-sync-secret": ""}])
@pytest.mark.parametrize("path", [ONE, MANY])
async def test_without_the_secret_it_is_401(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    assert (await client.post(path, json={}, headers=headers)).status_code == 401


class TestOff:
    @pytest.fixture(autouse=True)
    def off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(SECRETS, "USER_WEBHOOK_SYNC_ENABLED", "false")

    async def test_switched_off_it_is_503_after_the_secret(
        self, client: httpx.AsyncClient, airtable: AirtableServer
    ) -> None:
        assert (await client.post(ONE, json={})).status_code == 401
        assert (await tell(client, recordId=add(airtable))).status_code == 503


class TestSigned:
    @pytest.fixture(autouse=True)
    def signed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(SECRETS, "AIRTABLE_SYNC_REQUIRE_SIGNATURE", "true")

    @pytest.mark.parametrize(
        ("path", "name"),
        [(ONE, "AIRTABLE_USER_SYNC_SECRET"), (MANY, "AIRTABLE_INBOUND_SYNC_SECRET")],
    )
    @pytest.mark.parametrize(("minutes", "code"), [(0, 200), (4, 200), (-4, 200), (6, 401)])
    async def test_old_signed_news_is_refused(
        self,
        client: httpx.AsyncClient,
        ctx: Context,
        airtable: AirtableServer,
        path: str,
        name: str,
        minutes: int,
        code: int,
    ) -> None:
        occurred_at = moment(ctx.clock.now() - timedelta(minutes=minutes))
        news = {"table": "users", "recordId": add(airtable), "occurredAt": occurred_at}
        body = json.dumps(news).encode()
        digest = hmac.new(SECRETS[name].encode(), body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-signature": digest}
        assert (await client.post(path, content=body, headers=headers)).status_code == code

    async def test_the_secret_alone_is_not_enough(
        self, client: httpx.AsyncClient, airtable: AirtableServer
    ) -> None:
        assert (await tell(client, recordId=add(airtable))).status_code == 401


async def test_N7_the_older_endpoint_believes_ids_only(
    client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
) -> None:
    an, bo = add(airtable, "An"), add(airtable, "Bo", Status="Geen toegang")
    records = [
        {"id": an, "fields": {"email": "evil@voorbeeld.test", "passwordHash": "x", "name": "Evil"}},
        {"id": bo, "status": "active"},
    ]
    data = await told(client, MANY, table="users", records=records, eventId="evt-1")
    assert data == {"eventId": "evt-1", "synced": 2}
    rows = await ctx.db.fetch("SELECT email, name, password_hash, status FROM users ORDER BY name")
    assert [tuple(row) for row in rows] == [
        ("an@voorbeeld.test", "An", None, "active"),
        ("bo@voorbeeld.test", "Bo", None, "disabled"),
    ]
    again = await told(client, MANY, table="users", records=records, eventId="evt-1")
    assert again == {"eventId": "evt-1", "deduplicated": True}


class TestTrusted:
    @pytest.fixture(autouse=True)
    def trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(SECRETS, "SYNC_INBOUND_TRUST_PAYLOAD", "true")

    async def test_a_trusted_caller_gives_name_role_and_language_but_nothing_else(
        self, client: httpx.AsyncClient, ctx: Context, airtable: AirtableServer
    ) -> None:
        an = add(airtable)
        fields = {"name": "Anna", "role": "Coach", "languageCode": "fr", "email": "x@evil.test"}
        await told(client, MANY, table="users", records=[{"id": an, "fields": fields}])
        row = await ctx.db.fetchrow("SELECT name, role, language_code, email, status FROM users")
        assert row is not None
        assert tuple(row) == ("Anna", "Coach", "fr", "an@voorbeeld.test", "active")


@pytest.mark.parametrize(
    "body",
    [
        {"table": "methods", "recordId": "recAAAAAAAAAAAAAA"},
        {"table": "users"},
        {"table": "users", "records": []},
        {"table": "users", "records": [{"id": "x"}]},
        {"table": "users", "records": [{"id": "recAAAAAAAAAAAAAA"}] * 101},
        {"recordId": "recAAAAAAAAAAAAAA"},
    ],
)
async def test_wrong_bodies_of_the_older_endpoint_are_400(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await tell(client, MANY, **body)).status_code == 400


async def test_calls_are_limited(client: httpx.AsyncClient, airtable: AirtableServer) -> None:
    an = add(airtable)
    codes = [(await tell(client, recordId=an, eventId="evt-1")).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
