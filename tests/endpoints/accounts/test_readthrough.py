"""People whom somebody made in Airtable a moment ago log in at once."""

import asyncio
import time
from typing import Any

import httpx
import jwt
import pytest

from api._lib.accounts import readthrough
from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.db import Database
from api._lib.settings import Settings
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.accounts.letters import letters
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.ground.smtp import Mailbox
from tests.people import CHEAP_HASH, PASSWORD, Person, record_id

EMAIL = "nieuw@voorbeeld.test"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take longer to ask Airtable than people would wait."""
    monkeypatch.setattr(readthrough, "SECONDS", 30.0)


def add(airtable: AirtableServer, **fields: Any) -> str:
    """Somebody is made in Airtable."""
    usual = {"Naam": "Nieuw Mens", "E-mailadres": EMAIL, "Taalcode": "fr"}
    return airtable.control.create("Gebruikers", usual | fields)


async def test_F_A2_a_person_made_in_airtable_arrives_with_everything(
    visitor: Visitor, airtable: AirtableServer, store: Database
) -> None:
    """Fields are asked for by id, so nobody arrives nameless."""
    record = add(airtable, **{"E-mailadres": "NIEUW@Voorbeeld.test", "Paswoord Hash": CHEAP_HASH})
    answer = await visitor.login(EMAIL, PASSWORD)
    assert answer.status == 200
    user = answer.data["user"]
    shown = (user["id"], user["name"], user["email"], user["languageCode"])
    assert shown == (record, "Nieuw Mens", EMAIL, "fr")
    assert await store.fetchval("SELECT count(*) FROM user_rewards WHERE user_id = $1", record)


async def test_the_first_step_and_the_link_find_them_too(
    app: App, visitor: Visitor, airtable: AirtableServer, mailbox: Mailbox
) -> None:
    add(airtable)
    other = "tweede@voorbeeld.test"
    add(airtable, **{"E-mailadres": other})
    assert (await visitor.login(EMAIL)).data == {"needsPasswordSetup": True, "email": EMAIL}
    assert (await visitor.request_link(other)).status == 200
    await settled(app)
    assert {letter.to for letter in letters(mailbox)} == {EMAIL, other}
    link = next(letter for letter in letters(mailbox) if letter.to == other)
    assert (await visitor.open_link(link.token)).status == 200


async def test_fifty_parallel_first_logins_make_one_request_and_one_row(
    visitor: Visitor, airtable: AirtableServer, store: Database
) -> None:
    add(airtable)
    airtable.control.latency(0.2)
    answers = await asyncio.gather(*(visitor.login(EMAIL) for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len(airtable.control.requests()) == 1
    assert await store.fetchval("SELECT count(*) FROM users") == 1


async def test_F_A25_who_is_not_there_is_remembered_as_such(
    visitor: Visitor, airtable: AirtableServer
) -> None:
    for _ in range(5):
        assert (await visitor.login(EMAIL)).error == "Password is required"
    assert (await visitor.login(EMAIL, PASSWORD)).status == 401
    assert len(airtable.control.requests()) == 1


async def test_F_A25_outsiders_cannot_use_up_airtable(
    visitor: Visitor, airtable: AirtableServer
) -> None:
    began = time.monotonic()
    for n in range(40):
        assert (await visitor.login(f"niemand{n}@voorbeeld.test")).status == 400
    seconds = time.monotonic() - began
    assert len(airtable.control.requests()) <= 2 * (int(seconds) + 2)


async def test_a_blocked_newcomer_is_blocked(
    app: App, visitor: Visitor, airtable: AirtableServer, mailbox: Mailbox, store: Database
) -> None:
    add(airtable, Status="Geen toegang", **{"Paswoord Hash": CHEAP_HASH})
    await visitor.request_link(EMAIL)
    await settled(app)
    assert letters(mailbox) == []
    assert await store.fetchval("SELECT status FROM users") == "disabled"
    assert (await visitor.login(EMAIL, PASSWORD)).status == 403


async def test_two_records_with_one_address_are_nobody(
    visitor: Visitor, airtable: AirtableServer, store: Database
) -> None:
    add(airtable)
    add(airtable, **{"E-mailadres": EMAIL.upper()})
    assert (await visitor.login(EMAIL)).status == 400
    assert await store.fetchval("SELECT count(*) FROM users") == 0


async def test_F_A8_an_erased_record_is_nobody_but_a_new_one_is_welcome(
    visitor: Visitor, airtable: AirtableServer, store: Database
) -> None:
    record = add(airtable)
    await store.execute(
        "INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason)"
        " VALUES ('user', $1, 'erasure')",
        record,
    )
    assert (await visitor.login(EMAIL)).status == 400
    airtable.control.delete("Gebruikers", record)
    other = "anders@voorbeeld.test"
    add(airtable, **{"E-mailadres": other})
    assert (await visitor.login(other)).status == 200


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"drop": True}])
async def test_when_airtable_fails_unknown_people_get_the_usual_answers(
    visitor: Visitor, airtable: AirtableServer, fault: dict[str, Any]
) -> None:
    airtable.control.fault(**fault, count=0)
    add(airtable)
    step = await visitor.login(EMAIL)
    assert (step.status, step.error) == (400, "Password is required")
    assert (await visitor.login("ander@voorbeeld.test", PASSWORD)).status == 401
    assert (await visitor.request_link("derde@voorbeeld.test")).status == 200


async def test_while_airtable_hangs_known_people_are_not_held_up(
    client: httpx.AsyncClient,
    airtable: AirtableServer,
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The known ones are all answered before the first unknown one gives up."""
    monkeypatch.setattr(readthrough, "SECONDS", 3.0)
    airtable.control.latency(30)
    stranger, known = Visitor(client, "198.51.100.1"), Visitor(client)
    waiting = [asyncio.create_task(stranger.login(f"niemand{n}@voorbeeld.test")) for n in range(2)]
    while len(airtable.control.requests()) < 2:
        await asyncio.sleep(0.01)
    for _ in range(8):
        assert (await known.login(person.email)).status == 400
    assert (await known.login(person.email, PASSWORD)).status == 200
    assert not any(task.done() for task in waiting)
    airtable.control.latency(0)
    answers = await asyncio.gather(*waiting)
    assert {answer.status for answer in answers} == {400}


async def test_one_visitor_who_leaves_does_not_spoil_it_for_the_others(
    visitor: Visitor, airtable: AirtableServer
) -> None:
    add(airtable)
    airtable.control.latency(0.3)
    first = asyncio.create_task(visitor.login(EMAIL))
    second = asyncio.create_task(visitor.login(EMAIL))
    while not airtable.control.requests():
        await asyncio.sleep(0.01)
    first.cancel()
    assert (await second).status == 200
    assert len(airtable.control.requests()) == 1


async def test_a_cookie_of_the_former_server_brings_its_owner_over(
    visitor: Visitor, airtable: AirtableServer, settings: Settings, clock: ManualClock
) -> None:
    record = add(airtable)
    now = int(clock.now().timestamp())
    claims = {"userId": record, "email": EMAIL, "typ": "refresh", "iat": now, "exp": now + 86_400}
    visitor.cookie = jwt.encode(claims, settings.jwt_secret)
    answer = await visitor.refresh()
    assert (answer.status, answer.data["user"]["name"]) == (200, "Nieuw Mens")
    visitor.cookie = jwt.encode(claims | {"userId": record_id("NONE")}, settings.jwt_secret)
    gone = await visitor.refresh()
    assert (gone.status, gone.cookie) == (401, "")


async def test_nothing_else_looks_people_up(
    visitor: Visitor, airtable: AirtableServer, settings: Settings, clock: ManualClock
) -> None:
    record = add(airtable)
    now = int(clock.now().timestamp())
    claims = {"userId": record, "email": EMAIL, "typ": "access", "iat": now, "exp": now + 3_600}
    visitor.token = jwt.encode(claims, settings.jwt_secret)
    assert (await visitor.me()).status == 401
    await visitor.enter_code(EMAIL, "123456")
    await visitor.set_password(EMAIL, "123456", "Een-nieuw-wachtwoord")
    assert airtable.control.requests() == []


class TestSwitchedOff:
    """`USER_READTHROUGH_FALLBACK_ENABLED=false`."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"USER_READTHROUGH_FALLBACK_ENABLED": "false"}

    async def test_nobody_is_looked_up(self, visitor: Visitor, airtable: AirtableServer) -> None:
        add(airtable)
        assert (await visitor.login(EMAIL)).status == 400
        assert airtable.control.requests() == []
