"""Logging in with a password, and finding out whether there is one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import bcrypt
import httpx
import jwt
import pytest

from api._lib.accounts import passwords
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from tests.endpoints.accounts.letters import letters
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.endpoints.conftest import MakePerson
from tests.ground.smtp import Mailbox
from tests.people import PASSWORD, Person
from tests.waiting import until_somebody_waits

WRONG = "Een-ander-wachtwoord1"


async def test_example_1_the_two_steps_of_the_login(
    visitor: Visitor, make_person: MakePerson, store: Database
) -> None:
    person = await make_person(email="an@voorbeeld.test")
    first = await visitor.login(" An@Voorbeeld.test ")
    assert (first.status, first.error) == (400, "Password is required")
    second = await visitor.login("an@voorbeeld.test", PASSWORD)
    assert second.status == 200
    user = second.data["user"]
    assert (user["id"], user["email"]) == (person.id, "an@voorbeeld.test")
    assert user["lastLogin"] == "2026-03-04"
    assert second.headers["cache-control"] == "no-store"
    event = await store.fetchrow("SELECT * FROM outbox_events")
    assert event is not None
    assert (event["entity_type"], event["changed_fields"]) == ("user", ["last_login"])
    assert (await visitor.me()).data["lastLogin"] == "2026-03-04"


async def test_the_cookie_has_the_attributes_live_cookies_have(
    visitor: Visitor, person: Person
) -> None:
    answer = await visitor.login(person.email, PASSWORD)
    [header] = answer.headers.get_list("set-cookie")
    assert header == (
        f"refreshToken={answer.cookie}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=604800"
    )


async def test_example_2_unknown_and_known_addresses_get_the_same_answers(
    visitor: Visitor, person: Person
) -> None:
    firsts = [await visitor.login(email) for email in (person.email, "nobody@voorbeeld.test")]
    assert {(a.status, str(a.body)) for a in firsts} == {
        (400, "{'success': False, 'error': 'Password is required'}")
    }
    seconds = [
        await visitor.login(email, WRONG) for email in (person.email, "nobody@voorbeeld.test")
    ]
    assert {(a.status, a.error) for a in seconds} == {(401, seconds[0].error)}
    assert "password" in seconds[0].error


@pytest.mark.parametrize("status", ["disabled", "deleted"])
async def test_F_A10_blocked_people_look_like_everybody_until_the_password_is_right(
    visitor: Visitor, make_person: MakePerson, status: str
) -> None:
    blocked = await make_person(status=status)
    without = await make_person(status=status, password_hash=None)
    assert (await visitor.login(blocked.email)).error == "Password is required"
    assert (await visitor.login(without.email)).error == "Password is required"
    assert (await visitor.login(blocked.email, WRONG)).status == 401
    assert (await visitor.login(without.email, WRONG)).status == 401
    right = await visitor.login(blocked.email, PASSWORD)
    assert right.status == 403
    assert "password" not in right.error.lower()
    assert right.cookie is None


async def test_F_A14_a_person_without_password_gets_a_code_from_postgres_alone(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, airtable: Any
) -> None:
    airtable.control.fault(status=503, times=100)
    person = await make_person(password_hash=None)
    for password in (None, "anything at all"):
        answer = await visitor.login(person.email, password)
        assert answer.status == 200
        assert answer.data == {"needsPasswordSetup": True, "email": person.email}
    await settled(app)
    [letter] = letters(mailbox)
    assert (letter.to, len(letter.code)) == (person.email, 6)
    assert "auth/verify" not in letter.text


async def test_F_A13_the_first_step_sends_one_mail_in_two_minutes_and_keeps_its_code(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, clock: ManualClock
) -> None:
    person = await make_person(password_hash=None)
    for _ in range(4):
        await visitor.login(person.email)
    clock.advance(timedelta(seconds=119))
    await visitor.login(person.email)
    await settled(app)
    [letter] = letters(mailbox)
    clock.advance(timedelta(seconds=2))
    await visitor.login(person.email)
    await settled(app)
    assert len(letters(mailbox)) == 2
    dead = await visitor.set_password(person.email, letter.code, "Een-nieuw-wachtwoord")
    assert dead.status == 401
    fresh = letters(mailbox)[1]
    assert (
        await visitor.set_password(person.email, fresh.code, "Een-nieuw-wachtwoord")
    ).status == 200


async def test_F_A12_strangers_lock_nobody_out(client: httpx.AsyncClient, person: Person) -> None:
    stranger, owner = Visitor(client, "198.51.100.9"), Visitor(client)
    answers = [await stranger.login(person.email, WRONG) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert "password" not in answers[5].error.lower()
    assert int(answers[5].headers["retry-after"]) > 800
    assert (await stranger.login(person.email.upper(), PASSWORD)).status == 429
    assert (await owner.login(person.email, PASSWORD)).status == 200


async def test_F_A10_unknown_addresses_are_counted_like_known_ones(
    visitor: Visitor, person: Person
) -> None:
    for email in (person.email, "nobody@voorbeeld.test"):
        answers = await asyncio.gather(*(visitor.login(email, WRONG) for _ in range(9)))
        assert sorted(a.status for a in answers) == [401] * 5 + [429] * 4


async def test_right_passwords_are_no_failures(visitor: Visitor, person: Person) -> None:
    for _ in range(7):
        assert (await visitor.login(person.email, PASSWORD)).status == 200


async def test_F_A22_the_day_of_the_login_is_the_persons(
    visitor: Visitor, make_person: MakePerson, clock: ManualClock, store: Database
) -> None:
    clock.moment = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    brussels = await make_person()
    lima = await make_person(zone="America/Lima")
    nowhere = await make_person(zone="Mars/Base")
    days = [
        (await visitor.login(person.email, PASSWORD)).data["user"]["lastLogin"]
        for person in (brussels, lima, nowhere)
    ]
    assert days == ["2026-03-05", "2026-03-04", "2026-03-05"]
    stored = await store.fetchval("SELECT last_login_on FROM users WHERE id = $1", brussels.id)
    assert stored.isoformat() == "2026-03-05"


async def test_F_A19_a_good_login_survives_an_outbox_that_fails(
    visitor: Visitor, person: Person, store: Database
) -> None:
    await store.execute("ALTER TABLE outbox_events RENAME TO away")
    answer = await visitor.login(person.email, PASSWORD)
    await store.execute("ALTER TABLE away RENAME TO outbox_events")
    assert answer.status == 200
    assert (await visitor.me()).status == 200
    assert await store.fetchval("SELECT last_login_on FROM users") is None


async def test_a_second_login_on_one_day_tells_airtable_nothing(
    visitor: Visitor, person: Person, store: Database
) -> None:
    for _ in range(2):
        await visitor.login(person.email, PASSWORD)
    assert await store.fetchval("SELECT sum(merged_count) FROM outbox_events") == 1


@pytest.fixture
async def weakly_hashed(make_person: MakePerson, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody whose hash is cheaper than those made now."""
    monkeypatch.setattr(passwords, "COST", 6)
    cheap = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    return await make_person(password_hash=cheap)


async def test_cheap_hashes_are_replaced_at_a_good_login(
    visitor: Visitor, weakly_hashed: Person, store: Database
) -> None:
    assert (await visitor.login(weakly_hashed.email, PASSWORD)).status == 200
    stored = await store.fetchval("SELECT password_hash FROM users")
    assert stored.startswith("$2b$06$")
    assert (await visitor.login(weakly_hashed.email, PASSWORD)).status == 200


async def test_who_logs_in_twice_at_once_is_right_both_times(
    visitor: Visitor, weakly_hashed: Person, store: Database
) -> None:
    async with store.transaction() as tx:
        await tx.execute("SELECT FROM users FOR UPDATE")
        logins = [
            asyncio.create_task(visitor.login(weakly_hashed.email, PASSWORD)) for _ in range(2)
        ]
        await until_somebody_waits(store, len(logins))
    assert [answer.status for answer in await asyncio.gather(*logins)] == [200] * 2
    assert await store.fetchval("SELECT count(*) FROM auth_sessions") == 1 + 2


@pytest.mark.parametrize(
    ("change", "status"),
    [("password_hash = 'another'", 401), ("status = 'disabled'", 403)],
)
async def test_what_changes_during_the_long_comparison_is_seen_before_a_session_opens(
    visitor: Visitor, person: Person, store: Database, change: str, status: int
) -> None:
    async with store.transaction() as tx:
        await tx.execute("SELECT FROM users FOR UPDATE")
        login = asyncio.create_task(visitor.login(person.email, PASSWORD))
        await until_somebody_waits(store)
        await tx.execute(f"UPDATE users SET {change}")
    assert (await login).status == status
    assert await store.fetchval("SELECT count(*) FROM auth_sessions") == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"email": "a..b@x.be"}, 400),
        ({"email": "a@x"}, 400),
        ({"email": 17}, 400),
        ({"email": None}, 400),
        ({"email": "an@voorbeeld.test", "password": ""}, 400),
        ({"email": "an@voorbeeld.test", "password": None}, 400),
        ({"email": "an@voorbeeld.test", "password": "nul\0"}, 400),
        ({"email": "an@voorbeeld.test", "password": "x" * 1_025}, 401),
        ({"email": "a" * 250 + "@x.be"}, 400),
    ],
)
async def test_bad_bodies_are_refused_without_the_word_that_opens_the_password_step(
    visitor: Visitor, body: dict[str, Any], status: int
) -> None:
    answer = await visitor.ask("POST", "auth/login", json=body)
    assert answer.status == status
    if "password" not in body:
        assert "password" not in answer.error.lower()


async def test_the_texts_the_client_compares_are_english_in_every_language(
    client: httpx.AsyncClient, person: Person
) -> None:
    for language in ("fr", "nl", "en"):
        visitor = Visitor(client, language=language)
        assert (await visitor.login(person.email)).error == "Password is required"
        assert "password" in (await visitor.login(person.email, WRONG)).error


async def test_tokens_carry_the_stored_address_the_session_and_no_more(
    visitor: Visitor, person: Person
) -> None:
    answer = await visitor.login(person.email.upper(), PASSWORD)
    claims = jwt.decode(answer.data["accessToken"], options={"verify_signature": False})
    assert claims.keys() == {"userId", "email", "typ", "iat", "exp", "sid"}
    assert (claims["userId"], claims["email"]) == (person.id, person.email)


async def test_F_A20_the_user_on_the_wire_has_plain_dates_and_companies(
    visitor: Visitor, person: Person, store: Database
) -> None:
    await store.execute("INSERT INTO companies (id, name) VALUES ('recCOMP0000000001', 'Bedrijf')")
    await store.execute(
        "INSERT INTO user_companies (user_id, company_id, position)"
        " VALUES ($1, 'recCOMP0000000001', 0)",
        person.id,
    )
    await store.execute(
        "UPDATE users SET airtable_created_at = '2026-01-05T09:30:00Z' WHERE id = $1", person.id
    )
    user = (await visitor.login(person.email, PASSWORD)).data["user"]
    assert user == {
        "id": person.id,
        "name": "An Voorbeeld",
        "email": person.email,
        "company": ["recCOMP0000000001"],
        "role": "Deelnemer",
        "languageCode": "nl",
        "createdAt": "2026-01-05T09:30:00.000Z",
        "lastLogin": "2026-03-04",
    }
