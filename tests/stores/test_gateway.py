"""The gateway against the stand-in: field ids everywhere, whole listings, errors by class."""

from uuid import uuid4

import pytest

from api._lib.airtable import formula
from api._lib.airtable.errors import (
    ConfigurationError,
    MissingError,
    NotSentError,
    RefusedError,
    ThrottledError,
    TransientError,
)
from api._lib.airtable.gateway import Gateway, Update
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import APP_ID
from api._lib.airtable.mapping import TABLES as T
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Settings
from tasks.dev.airtable.testing import AirtableServer
from tests.airtable import with_settings

NAME = T["users"].field("name").key
EMAIL = T["users"].field("email").key
UNKNOWN = "recDoesNotExist00"


def person(airtable: AirtableServer, name: str = "An", email: str = "an@voorbeeld.test") -> str:
    return airtable.control.create("Gebruikers", {"Naam": name, "E-mailadres": email})


async def test_reads_answer_by_field_id(airtable: AirtableServer, gateway: Gateway) -> None:
    user = person(airtable)
    assert (await gateway.get(T["users"], user, Lane.INBOUND)).fields[NAME] == "An"
    (listed,) = await gateway.listing(T["users"], Lane.INBOUND, fields=[NAME])
    assert listed.fields == {NAME: "An"}
    assert listed.created_time


async def test_N1_writes_answer_by_field_id(airtable: AirtableServer, gateway: Gateway) -> None:
    app_id, key = str(uuid4()), airtable.control.field_id("Gebruikers", APP_ID)
    (made,) = await gateway.upsert(T["users"], key, [{key: app_id, NAME: "Bo"}], Lane.OUTBOX)
    assert (made.fields[key], made.fields[NAME]) == (app_id, "Bo")


async def test_upsert_twice_makes_one_record(airtable: AirtableServer, gateway: Gateway) -> None:
    app_id, key = str(uuid4()), airtable.control.field_id("Gebruikers", APP_ID)
    for name in ("Bo", "Bob"):
        (made,) = await gateway.upsert(T["users"], key, [{key: app_id, NAME: name}], Lane.OUTBOX)
    assert airtable.control.count("Gebruikers") == 1
    assert made.fields[NAME] == "Bob"
    (found,) = await gateway.with_app_id(T["users"], [app_id], Lane.OUTBOX)
    assert found.id == made.id


async def test_update_and_delete_by_record_id(airtable: AirtableServer, gateway: Gateway) -> None:
    user = person(airtable)
    await gateway.update(T["users"], [Update(user, {NAME: "Anna"})], Lane.OUTBOX)
    assert airtable.control.record("Gebruikers", user)["fields"]["Naam"] == "Anna"
    await gateway.delete(T["users"], [user], Lane.OUTBOX)
    assert airtable.control.count("Gebruikers") == 0


async def test_translations_are_read_by_name(airtable: AirtableServer, gateway: Gateway) -> None:
    airtable.control.create("Vertalingen", {"Key": "hello", "nl": "Hallo"})
    (row,) = await gateway.listing(T["translations"], Lane.INBOUND)
    assert row.fields == {"Key": "hello", "nl": "Hallo"}


async def test_a_listing_takes_all_pages(airtable: AirtableServer, gateway: Gateway) -> None:
    for number in range(230):
        airtable.control.create("Bedrijven", {"Bedrijfsnaam": f"Bedrijf {number}"})
    assert len(await gateway.listing(T["companies"], Lane.INBOUND)) == 230


async def test_a_listing_starts_again_when_its_cursor_expired(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    for number in range(120):
        airtable.control.create("Bedrijven", {"Bedrijfsnaam": f"Bedrijf {number}"})
    airtable.control.fault(
        status=422, kind="LIST_RECORDS_ITERATOR_NOT_AVAILABLE", message="gone", skip=1
    )
    assert len(await gateway.listing(T["companies"], Lane.INBOUND)) == 120


async def test_I9_a_failing_page_gives_no_part_of_a_listing(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    for number in range(120):
        airtable.control.create("Bedrijven", {"Bedrijfsnaam": f"Bedrijf {number}"})
    airtable.control.fault(status=503, skip=1)
    with pytest.raises(TransientError):
        await gateway.listing(T["companies"], Lane.INBOUND)


async def test_records_by_id_leave_out_unknown_ones(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    user = person(airtable)
    (found,) = await gateway.records(T["users"], [user, UNKNOWN], Lane.INBOUND)
    assert found.id == user


async def test_emails_are_found_in_any_case_and_cannot_break_the_formula(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    odd = 'o"r(1)\\@voorbeeld.test'
    user = person(airtable, email=odd)
    person(airtable, email="andere@voorbeeld.test")
    where = formula.equals_ignoring_case("E-mailadres", odd.upper())
    assert [r.id for r in await gateway.listing(T["users"], Lane.INBOUND, where=where)] == [user]


async def test_a_missing_record_is_told_apart_from_a_missing_table(
    airtable: AirtableServer, gateway: Gateway, settings: Settings, cache: Cache, db: Database
) -> None:
    with pytest.raises(MissingError):
        await gateway.get(T["users"], UNKNOWN, Lane.INBOUND)
    with pytest.raises(MissingError):
        await gateway.update(T["users"], [Update(UNKNOWN, {NAME: "x"})], Lane.OUTBOX)
    with pytest.raises(MissingError):
        await gateway.delete(T["users"], [UNKNOWN], Lane.OUTBOX)
    tables = {**settings.airtable_tables, "users": "tblNotThere000000"}
    other = Gateway(with_settings(settings, airtable_tables=tables), cache, db)
    with pytest.raises(ConfigurationError):
        await other.listing(T["users"], Lane.INBOUND)
    await other.close()


async def test_P5_a_refusal_tells_the_kind_but_no_values(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    field = T["users"].field("lastLogin").key
    user = person(airtable)
    with pytest.raises(RefusedError) as caught:
        await gateway.update(T["users"], [Update(user, {field: "geheim dagboek"})], Lane.OUTBOX)
    assert caught.value.status == 422
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_server_errors_are_transient(
    airtable: AirtableServer, gateway: Gateway, status: int
) -> None:
    airtable.control.fault(status=status)
    with pytest.raises(TransientError) as caught:
        await gateway.listing(T["users"], Lane.INBOUND)
    assert caught.value.may_have_run


async def test_a_dropped_connection_may_have_run_a_refused_one_has_not(
    airtable: AirtableServer, gateway: Gateway, settings: Settings, cache: Cache, db: Database
) -> None:
    airtable.control.fault(drop=True, when="after")
    with pytest.raises(TransientError) as dropped:
        await gateway.listing(T["users"], Lane.INBOUND)
    assert dropped.value.may_have_run
    nowhere = Gateway(
        with_settings(settings, airtable_endpoint_url="http://127.0.0.1:9"), cache, db
    )
    with pytest.raises(TransientError) as refused:
        await nowhere.listing(T["users"], Lane.INBOUND)
    assert not refused.value.may_have_run
    await nowhere.close()


async def test_I6_after_a_429_nobody_sends(airtable: AirtableServer, gateway: Gateway) -> None:
    airtable.control.fault(status=429)
    with pytest.raises(ThrottledError):
        await gateway.listing(T["users"], Lane.INBOUND)
    sent = len(airtable.control.requests())
    for lane in Lane:
        with pytest.raises(NotSentError) as caught:
            await gateway.listing(T["users"], lane)
        assert caught.value.reason == "paused"
        assert caught.value.retry_in > 29
    assert len(airtable.control.requests()) == sent


async def test_a_bad_token_opens_the_breaker(
    settings: Settings, cache: Cache, db: Database
) -> None:
    wrong = Gateway(with_settings(settings, airtable_access_token="patWrong"), cache, db)
    with pytest.raises(ConfigurationError):
        await wrong.listing(T["users"], Lane.INBOUND)
    with pytest.raises(NotSentError) as caught:
        await wrong.listing(T["users"], Lane.INBOUND)
    assert caught.value.reason == "open"
    assert 50 < caught.value.retry_in <= 60
    await wrong.close()


async def test_a_missing_scope_leaves_the_rest_working(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    airtable.control.scopes(["data.records:read", "data.records:write"])
    with pytest.raises(ConfigurationError):
        await gateway.schema(Lane.INBOUND)
    assert await gateway.listing(T["users"], Lane.INBOUND) == []


async def test_without_credentials_nothing_is_sent(
    settings: Settings, cache: Cache, db: Database
) -> None:
    bare = Gateway(with_settings(settings, airtable_access_token=None), cache, db)
    with pytest.raises(NotSentError):
        await bare.schema(Lane.INTERACTIVE)
    await bare.close()


async def test_an_interactive_request_gives_up_after_three_seconds(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    airtable.control.fault(latency=6)
    with pytest.raises(TransientError):
        await gateway.listing(T["users"], Lane.INTERACTIVE)


async def test_the_last_result_is_kept_for_the_health_page(
    airtable: AirtableServer, gateway: Gateway, db: Database
) -> None:
    await gateway.listing(T["users"], Lane.INBOUND)
    row = await db.fetchrow("SELECT * FROM sync_gates WHERE key = 'airtable'")
    assert row is not None
    assert row["last_ok_at"] is not None
    assert row["last_error"] is None
    airtable.control.fault(status=500)
    with pytest.raises(TransientError):
        await gateway.listing(T["users"], Lane.INBOUND)
    assert (
        await db.fetchval("SELECT last_error FROM sync_gates WHERE key = 'airtable'")
        == "500: SERVER_ERROR: Try again. If the problem persists, contact support."
    )


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_revoked_token_and_a_wrong_base_show_as_trouble_and_are_told(
    airtable: AirtableServer,
    gateway: Gateway,
    db: Database,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    airtable.control.fault(status=status)
    with pytest.raises(ConfigurationError):
        await gateway.listing(T["users"], Lane.INBOUND)
    row = await db.fetchrow("SELECT * FROM sync_gates WHERE key = 'airtable'")
    assert row is not None
    assert row["last_ok_at"] is None
    assert row["last_error"].startswith(f"{status}: ")
    told = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert told == ["airtable refuses the token, the base or a table"]


async def test_an_answer_about_one_record_says_nothing_about_the_base(
    airtable: AirtableServer, gateway: Gateway, db: Database
) -> None:
    airtable.control.fault(status=500)
    with pytest.raises(TransientError):
        await gateway.listing(T["users"], Lane.INBOUND)
    with pytest.raises(MissingError):
        await gateway.get(T["users"], UNKNOWN, Lane.INBOUND)
    assert await db.fetchval("SELECT last_error FROM sync_gates WHERE key = 'airtable'")


async def test_the_schema_and_a_new_field(airtable: AirtableServer, gateway: Gateway) -> None:
    body = {"name": "Nieuw", "type": "singleLineText"}
    await gateway.create_field(T["programs"], body, Lane.INBOUND)
    tables = {table["id"]: table for table in await gateway.schema(Lane.INBOUND)}
    names = [field["name"] for field in tables[gateway.table_id("programs")]["fields"]]
    assert "Nieuw" in names
    assert APP_ID in names


async def test_webhooks_are_made_read_refreshed_and_removed(
    airtable: AirtableServer, gateway: Gateway
) -> None:
    body = {
        "notificationUrl": "http://127.0.0.1:9/ping",
        "specification": {"options": {"filters": {"dataTypes": ["tableData"]}}},
    }
    made = await gateway.create_webhook(body, Lane.INBOUND)
    person(airtable)
    answer = await gateway.webhook_payloads(made["id"], 1, Lane.INBOUND)
    assert len(answer["payloads"]) == 1
    assert answer["cursor"] == 2
    assert (await gateway.refresh_webhook(made["id"], Lane.INBOUND))["expirationTime"]
    assert [hook["id"] for hook in await gateway.webhooks(Lane.INBOUND)] == [made["id"]]
    await gateway.delete_webhook(made["id"], Lane.INBOUND)
    assert await gateway.webhooks(Lane.INBOUND) == []
