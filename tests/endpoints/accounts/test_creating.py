"""Administrators create people, in Airtable first."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from api._lib.accounts.provisioning import Reading, apply_airtable_users
from api._lib.airtable.gateway import RemoteRecord
from api._lib.clock import ManualClock
from api._lib.db import Database
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.accounts.visitor import Answer, Visitor
from tests.endpoints.conftest import MakePerson
from tests.people import Person

PASSWORD = "Een-nieuw-wachtwoord1"
NEW = {"name": " Bo Nieuw ", "email": "Bo@Voorbeeld.test", "password": PASSWORD}


@pytest.fixture
async def admin(client: httpx.AsyncClient, make_person: MakePerson) -> Visitor:
    """An administrator, signed in."""
    person = await make_person(role="admin")
    visitor = Visitor(client)
    visitor.token = person.headers["authorization"].removeprefix("Bearer ")
    return visitor


async def create(admin: Visitor, **changes: Any) -> Answer:
    return await admin.ask("POST", "users", json=NEW | changes)


async def test_F_A11_a_person_is_created_in_both_stores_and_can_log_in(
    admin: Visitor, visitor: Visitor, airtable: AirtableServer, store: Database
) -> None:
    answer = await create(admin, languageCode="fr")
    assert answer.status == 201
    user = answer.data
    shown = (user["name"], user["email"], user["role"], user["languageCode"])
    assert shown == ("Bo Nieuw", "bo@voorbeeld.test", "Deelnemer", "fr")
    [record] = airtable.control.records("Gebruikers")
    assert record["id"] == user["id"]
    app_id = record["fields"].pop("App ID")
    assert UUID(app_id).version == 4
    assert record["fields"] == {
        "Naam": "Bo Nieuw",
        "E-mailadres": "bo@voorbeeld.test",
        "Rol": "Deelnemer",
        "Taalcode": "fr",
        "Aangemaakt op": record["createdTime"],
    } | {k: v for k, v in record["fields"].items() if isinstance(v, int)}
    assert (await visitor.login("bo@voorbeeld.test", PASSWORD)).status == 200
    assert await store.fetchval("SELECT count(*) FROM user_rewards") == 2
    linked = await store.fetchval(
        "SELECT airtable_record_id FROM airtable_links WHERE entity_id = $1", user["id"]
    )
    assert linked == user["id"]


async def test_the_role_may_be_given(admin: Visitor) -> None:
    assert (await create(admin, role="admin")).data["role"] == "admin"


async def test_a_role_that_the_base_does_not_list_is_a_400(
    admin: Visitor, airtable: AirtableServer
) -> None:
    airtable.control.retype_field("Gebruikers", "Rol", "singleSelect")
    answer = await create(admin, role="Onbekend")
    assert (answer.status, "role" in answer.error) == (400, True)
    assert airtable.control.count("Gebruikers") == 0


async def test_F_A11_only_administrators(visitor: Visitor, person: Person) -> None:
    assert (await create(visitor)).status == 401
    visitor.token = person.headers["authorization"].removeprefix("Bearer ")
    assert (await create(visitor)).status == 403


async def test_a_taken_address_is_a_conflict_in_either_store(
    admin: Visitor, person: Person, airtable: AirtableServer
) -> None:
    airtable.control.create("Gebruikers", {"E-mailadres": "CIL@voorbeeld.test"})
    for email in (person.email.upper(), "cil@voorbeeld.test"):
        answer = await create(admin, email=email)
        assert answer.status == 409
    assert airtable.control.count("Gebruikers") == 1


async def test_of_parallel_creations_one_wins_and_one_record_is_made(
    admin: Visitor, airtable: AirtableServer
) -> None:
    answers = await asyncio.gather(*(create(admin) for _ in range(6)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    assert airtable.control.count("Gebruikers") == 1


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_airtable_away_is_a_503_and_stores_nothing(
    admin: Visitor, airtable: AirtableServer, store: Database, status: int
) -> None:
    airtable.control.fault(status=status, count=0)
    assert (await create(admin)).status == 503
    assert await store.fetchval("SELECT count(*) FROM users") == 1


async def test_a_table_without_the_app_id_field_takes_nobody(
    admin: Visitor, airtable: AirtableServer, store: Database
) -> None:
    airtable.control.drop_field("Gebruikers", "App ID")
    assert (await create(admin)).status == 503
    assert airtable.control.count("Gebruikers") == 0
    await store.execute(
        """INSERT INTO sync_gates (key, counts) VALUES ('base',
           '{"schema": {"tables": {"users": {"app_id": null, "writable": []}}}}')"""
    )
    airtable.control.clear_requests()
    assert (await create(admin)).status == 503
    assert airtable.control.requests() == []


async def test_a_record_whose_answer_was_lost_is_taken_over_later(
    admin: Visitor, airtable: AirtableServer, store: Database, clock: ManualClock
) -> None:
    airtable.control.fault(method="PATCH", when="after", drop=True)
    assert (await create(admin)).status == 503
    assert await store.fetchval("SELECT count(*) FROM users") == 1
    assert (await create(admin)).status == 409
    [raw] = airtable.control.records("Gebruikers", by_id=True)
    record = RemoteRecord(raw["id"], raw["createdTime"], raw["fields"])
    async with store.transaction() as tx:
        await apply_airtable_users(tx, [record], Reading(started_at=clock.now()), clock.now())
    assert await store.fetchval("SELECT id FROM users WHERE email = 'bo@voorbeeld.test'")


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 201},
        {"email": "a@x"},
        {"password": "1234567"},
        {"password": "é" * 37},
        {"password": "bo@voorbeeld.test"},
        {"role": ""},
        {"role": None},
        {"role": "  "},
        {"role": " admin"},
        {"role": "admin\n"},
        {"languageCode": "de"},
    ],
)
async def test_bad_values_reach_neither_store(
    admin: Visitor, airtable: AirtableServer, change: dict[str, Any]
) -> None:
    assert (await create(admin, **change)).status == 400
    assert airtable.control.requests() == []


OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"""


async def test_no_transaction_is_open_while_airtable_answers(
    admin: Visitor, airtable: AirtableServer, store: Database
) -> None:
    airtable.control.fault(method="PATCH", latency=0.5)
    creating = asyncio.create_task(create(admin))
    async with asyncio.timeout(20):
        while not any(entry["method"] == "PATCH" for entry in airtable.control.requests()):
            await asyncio.sleep(0.01)
    assert await store.fetchval(OPEN) == 0
    assert (await creating).status == 201
