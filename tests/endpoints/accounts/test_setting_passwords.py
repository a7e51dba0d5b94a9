"""Choosing a first password, and changing it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest

from api._lib.accounts import passwords
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings
from tests.endpoints.accounts.letters import Letter, letters
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.endpoints.conftest import MakePerson
from tests.ground.smtp import Mailbox
from tests.people import PASSWORD, Person

NEW = "Een-nieuw-wachtwoord1"


async def setup_code(app: App, visitor: Visitor, mailbox: Mailbox, email: str) -> Letter:
    """Start the set-up of a password and read its mail."""
    await visitor.login(email)
    await settled(app)
    return letters(mailbox)[-1]


async def live_sids(store: Database, person: Person) -> set[UUID]:
    rows = await store.fetch(
        "SELECT sid FROM auth_sessions WHERE user_id = $1 AND revoked_at IS NULL", person.id
    )
    return {row["sid"] for row in rows}


async def test_the_first_password_logs_in_and_ends_all_other_sessions(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, store: Database
) -> None:
    person = await make_person(password_hash=None)
    letter = await setup_code(app, visitor, mailbox, person.email)
    answer = await visitor.set_password(person.email.upper(), letter.code, NEW)
    assert answer.status == 200
    assert answer.data["user"]["lastLogin"] == "2026-03-04"
    assert await live_sids(store, person) == {UUID(answer.sid)}
    assert (await visitor.me()).status == 200
    assert (await visitor.login(person.email, NEW)).status == 200
    changed = await store.fetchval("SELECT changed_fields FROM outbox_events")
    assert changed == ["last_login"]
    user = await store.fetchrow("SELECT password_hash, sessions_valid_from FROM users")
    assert user is not None
    assert user["password_hash"].startswith(f"$2b${passwords.COST:02}$")
    assert user["sessions_valid_from"] is not None


async def test_all_failures_of_the_code_are_one_and_the_same(
    app: App,
    visitor: Visitor,
    make_person: MakePerson,
    mailbox: Mailbox,
    clock: ManualClock,
) -> None:
    person = await make_person(password_hash=None)
    letter = await setup_code(app, visitor, mailbox, person.email)
    wrong = "100000" if letter.code != "100000" else "100001"
    answers = [
        await visitor.set_password(person.email, wrong, NEW),
        await visitor.set_password("nobody@voorbeeld.test", letter.code, NEW),
    ]
    clock.advance(timedelta(minutes=15, seconds=1))
    answers.append(await visitor.set_password(person.email, letter.code, NEW))
    assert {(answer.status, answer.error) for answer in answers} == {(401, answers[0].error)}


async def test_who_has_a_password_already_keeps_it(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, store: Database
) -> None:
    person = await make_person(password_hash=None)
    letter = await setup_code(app, visitor, mailbox, person.email)
    await store.execute("UPDATE users SET password_hash = 'set meanwhile'")
    assert (await visitor.set_password(person.email, letter.code, NEW)).status == 400
    assert (await visitor.set_password(person.email, letter.code, NEW)).status == 401
    assert await store.fetchval("SELECT password_hash FROM users") == "set meanwhile"


async def test_F_A3_blocked_people_cannot_choose_a_password(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox, store: Database
) -> None:
    person = await make_person(password_hash=None)
    letter = await setup_code(app, visitor, mailbox, person.email)
    await store.execute("UPDATE users SET status = 'disabled'")
    answer = await visitor.set_password(person.email, letter.code, NEW)
    assert (answer.status, answer.cookie) == (403, None)
    assert await store.fetchval("SELECT password_hash FROM users") is None


async def test_ten_parallel_uses_of_one_code_set_one_password(
    app: App, visitor: Visitor, make_person: MakePerson, mailbox: Mailbox
) -> None:
    person = await make_person(password_hash=None)
    letter = await setup_code(app, visitor, mailbox, person.email)
    answers = await asyncio.gather(
        *(visitor.set_password(person.email, letter.code, f"{NEW}-{n}") for n in range(4))
    )
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]


@pytest.mark.parametrize(
    "password", ["1234567", "é" * 37, "x" * 73, "with\0nul-character", "an@voorbeeld.test"]
)
async def test_passwords_that_will_not_do_are_refused_before_the_code_counts(
    app: App,
    visitor: Visitor,
    make_person: MakePerson,
    mailbox: Mailbox,
    store: Database,
    password: str,
) -> None:
    person = await make_person(password_hash=None, email="an@voorbeeld.test")
    letter = await setup_code(app, visitor, mailbox, person.email)
    assert (await visitor.set_password(person.email, letter.code, password)).status == 400
    assert await store.fetchval("SELECT failed_attempts FROM login_codes") == 0


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", " 123456", "123456\n", 123456])
async def test_codes_of_another_form_are_bad_requests(visitor: Visitor, code: Any) -> None:
    body = {"email": "an@voorbeeld.test", "code": code, "password": NEW}
    assert (await visitor.ask("POST", "auth/set-password", json=body)).status == 400


async def test_a_change_keeps_this_session_and_ends_all_others(
    client: httpx.AsyncClient, person: Person, store: Database
) -> None:
    here, there = Visitor(client), Visitor(client)
    mine = await here.login(person.email, PASSWORD)
    await there.login(person.email, PASSWORD)
    answer = await here.change_password(NEW)
    assert (answer.status, answer.data) == (200, {"success": True})
    assert answer.cookie
    assert await live_sids(store, person) == {UUID(mine.sid)}
    assert (await here.me()).status == 200
    assert (await here.refresh()).status == 200
    assert (await there.me()).status == 401
    gone = await there.refresh()
    assert (gone.status, gone.cookie) == (401, "")
    assert (await there.login(person.email, PASSWORD)).status == 401
    assert (await there.login(person.email, NEW)).status == 200


async def test_a_change_is_nothing_to_other_people(
    visitor: Visitor, person: Person, make_person: MakePerson, store: Database
) -> None:
    other = await make_person()
    row = "SELECT * FROM users WHERE id = $1"
    before = await store.fetchrow(row, other.id)
    await visitor.login(person.email, PASSWORD)
    assert (await visitor.change_password(NEW)).status == 200
    assert await live_sids(store, other) == {other.sid}
    assert await store.fetchrow(row, other.id) == before


async def test_F_A21_a_sent_current_password_must_match_and_a_notice_is_mailed(
    app: App, visitor: Visitor, person: Person, mailbox: Mailbox
) -> None:
    await visitor.login(person.email, PASSWORD)
    wrong = await visitor.change_password(NEW, currentPassword="not-this-one")
    assert (wrong.status, wrong.cookie) == (401, None)
    assert (await visitor.change_password(NEW, currentPassword=PASSWORD)).status == 200
    await settled(app)
    [letter] = letters(mailbox)
    assert letter.to == person.email
    assert "http" not in letter.text
    assert "beheerder" in letter.text


async def test_F_A21_five_changes_an_hour(visitor: Visitor, person: Person) -> None:
    await visitor.login(person.email, PASSWORD)
    body = {"password": "x" * 73}
    answers = [await visitor.ask("POST", "users/change-password", json=body) for _ in range(6)]
    assert [answer.status for answer in answers] == [400] * 5 + [429]


async def test_people_without_password_set_one_by_changing_it(
    visitor: Visitor, make_person: MakePerson, store: Database
) -> None:
    person = await make_person(password_hash=None)
    visitor.token = person.headers["authorization"].removeprefix("Bearer ")
    assert (await visitor.change_password(NEW, currentPassword="any")).status == 401
    assert (await visitor.change_password(NEW)).status == 200
    assert (await visitor.login(person.email, NEW)).status == 200


async def test_F_A24_a_hash_travels_only_while_its_export_is_on(
    visitor: Visitor, person: Person, store: Database
) -> None:
    await visitor.login(person.email, PASSWORD)
    await store.execute("DELETE FROM outbox_events")
    await visitor.change_password(NEW)
    assert await store.fetchval("SELECT count(*) FROM outbox_events") == 0


class TestWithExport:
    """A return to the former server must stay possible."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"SYNC_EXPORT_PASSWORD_HASH": "true"}

    async def test_F_A6_O8_a_change_is_announced_without_the_hash(
        self, visitor: Visitor, person: Person, store: Database
    ) -> None:
        visitor.token = person.headers["authorization"].removeprefix("Bearer ")
        assert (await visitor.change_password(NEW)).status == 200
        event = await store.fetchrow("SELECT * FROM outbox_events")
        assert event is not None
        assert event["user_id"] == person.id
        assert (event["changed_fields"], event["payload"]) == (["password_hash"], {})
        assert "$2b$" not in str(event)


async def test_a_caller_with_a_token_of_the_former_server_gets_a_session(
    visitor: Visitor, person: Person, store: Database, settings: Settings, clock: ManualClock
) -> None:
    issued = int(clock.now().timestamp()) - 600
    claims = {"userId": person.id, "email": person.email, "iat": issued, "exp": issued + 3_600}
    legacy = jwt.encode(claims | {"typ": "access"}, settings.jwt_secret)
    older = jwt.encode(claims | {"typ": "access", "iat": issued - 60}, settings.jwt_secret)
    visitor.token = legacy
    answer = await visitor.change_password(NEW)
    assert answer.status == 200
    assert len(await live_sids(store, person)) == 1
    assert (await visitor.me()).status == 200
    assert (await visitor.refresh()).status == 200
    visitor.token = older
    assert (await visitor.me()).status == 401
