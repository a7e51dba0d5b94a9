"""Changing one's profile and looking people up."""

from typing import Any

import httpx
import pytest

from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings
from tests.endpoints.accounts.visitor import Answer, Visitor
from tests.endpoints.conftest import MakePerson
from tests.people import PASSWORD, Person, add_person, record_id


@pytest.fixture
async def signed_in(visitor: Visitor, person: Person) -> Visitor:
    """The person, signed in."""
    visitor.token = person.headers["authorization"].removeprefix("Bearer ")
    return visitor


async def change(visitor: Visitor, user_id: str, **body: Any) -> Answer:
    return await visitor.ask("PATCH", f"users/{user_id}", json=body)


async def test_the_language_is_changed_and_announced(
    signed_in: Visitor, person: Person, store: Database
) -> None:
    answer = await change(signed_in, person.id, languageCode="fr")
    assert (answer.status, answer.data["languageCode"]) == (200, "fr")
    event = await store.fetchrow("SELECT * FROM outbox_events")
    assert event is not None
    assert (event["entity_id"], event["changed_fields"]) == (person.id, ["language_code"])
    assert (event["priority"], event["payload"]) == (10, {})
    assert await store.fetchval("SELECT count(*) FROM notification_planning") == 1
    refused = await change(signed_in, person.id, languageCode="de")
    assert "valide" in refused.error


async def test_names_are_trimmed(signed_in: Visitor, person: Person) -> None:
    answer = await change(signed_in, person.id, name="  An  Nieuw ")
    assert answer.data["name"] == "An  Nieuw"


@pytest.mark.parametrize("body", [{}, {"languageCode": "nl"}, {"name": " An Voorbeeld "}])
async def test_nothing_to_change_is_no_error_and_no_event(
    signed_in: Visitor, person: Person, store: Database, body: dict[str, str]
) -> None:
    assert (await change(signed_in, person.id, **body)).status == 200
    assert await store.fetchval("SELECT count(*) FROM outbox_events") == 0


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"name": None},
        {"name": 5},
        {"name": "nul\0"},
        {"languageCode": "de"},
        {"languageCode": ""},
        {"languageCode": None},
    ],
)
async def test_bad_values_change_nothing(
    signed_in: Visitor, person: Person, store: Database, body: dict[str, Any]
) -> None:
    before = await store.fetchrow("SELECT * FROM users")
    assert (await change(signed_in, person.id, **body)).status == 400
    assert await store.fetchrow("SELECT * FROM users") == before


async def test_example_11_F_A1_nobody_gives_themselves_a_role(
    signed_in: Visitor, person: Person
) -> None:
    answer = await change(
        signed_in, person.id, role="admin", languageCode="en", lastLogin="1999-01-01"
    )
    assert answer.status == 200
    assert (answer.data["languageCode"], answer.data["role"]) == ("en", "Deelnemer")
    assert "lastLogin" not in answer.data
    assert (await signed_in.ask("POST", "rewards/backfill", json={})).status == 403


async def test_only_ones_own_profile_even_for_administrators(
    visitor: Visitor, make_person: MakePerson, person: Person
) -> None:
    admin = await make_person(role="admin")
    visitor.token = admin.headers["authorization"].removeprefix("Bearer ")
    assert (await change(visitor, person.id, name="X")).status == 403
    assert (await change(visitor, record_id("NONE"), name="X")).status == 403
    assert (await change(visitor, admin.id, name="X")).status == 200
    for text in ("abc", "rec123", person.id + "0", "00000000-0000-4000-8000-000000000001"):
        assert (await change(visitor, text, name="X")).status == 400


async def test_own_means_the_former_id_too(
    client: httpx.AsyncClient,
    settings: Settings,
    clock: ManualClock,
    store: Database,
) -> None:
    person = await add_person(store, settings.jwt_secret, clock.now())
    new = record_id("NEW")
    await store.execute("UPDATE users SET id = $2 WHERE id = $1", person.id, new)
    await store.execute(
        "INSERT INTO user_id_aliases (old_id, user_id, reason) VALUES ($1, $2, 'test')",
        person.id,
        new,
    )
    visitor = Visitor(client)
    visitor.token = person.headers["authorization"].removeprefix("Bearer ")
    for user_id in (person.id, new):
        answer = await change(visitor, user_id, name=f"An {user_id}")
        assert (answer.status, answer.data["id"]) == (200, new)


async def test_F_A11_people_find_only_themselves(
    signed_in: Visitor, person: Person, make_person: MakePerson
) -> None:
    other = await make_person()
    own = await signed_in.ask("GET", "users/lookup", params={"email": f" {person.email.upper()} "})
    assert (own.status, own.data["id"]) == (200, person.id)
    answers = [
        await signed_in.ask("GET", "users/lookup", params={"email": email})
        for email in (other.email, "nobody@voorbeeld.test", "no address")
    ]
    assert {(answer.status, answer.error) for answer in answers} == {(404, answers[0].error)}


async def test_administrators_find_everybody_but_no_secrets(
    visitor: Visitor, make_person: MakePerson
) -> None:
    admin, blocked = await make_person(role="admin"), await make_person(status="disabled")
    visitor.token = admin.headers["authorization"].removeprefix("Bearer ")
    answer = await visitor.ask("GET", "users/lookup", params={"email": blocked.email})
    assert answer.data["id"] == blocked.id
    assert not {"passwordHash", "status", "totalPoints"} & answer.data.keys()


@pytest.mark.parametrize("query", ["", "?email=", "?email=a@b.co&email=c@d.co"])
async def test_the_address_is_required_once(signed_in: Visitor, query: str) -> None:
    assert (await signed_in.ask("GET", f"users/lookup{query}")).status == 400


async def test_ten_look_ups_an_hour(signed_in: Visitor, person: Person) -> None:
    answers = [
        await signed_in.ask("GET", "users/lookup", params={"email": person.email})
        for _ in range(11)
    ]
    assert [answer.status for answer in answers] == [200] * 10 + [429]


async def test_me_is_the_signed_in_user(visitor: Visitor, person: Person) -> None:
    await visitor.login(person.email, PASSWORD)
    assert (await visitor.me()).data["id"] == person.id
