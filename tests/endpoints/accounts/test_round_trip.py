"""What people change about themselves stands in Airtable in the end, and comes back unchanged."""

import pytest

from api._lib.app import App
from api._lib.context import Context
from api._lib.db import Database
from api._lib.sync.inbound.people import list_people
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.accounts.letters import letters
from tests.endpoints.accounts.visitor import Visitor, settled
from tests.ground.smtp import Mailbox

EMAIL = "an@voorbeeld.test"
PASSWORD = "Een-nieuw-wachtwoord1"


@pytest.fixture
async def record(app: App, visitor: Visitor, airtable: AirtableServer, mailbox: Mailbox) -> str:
    """Somebody made in Airtable, signed in with a first password."""
    made = airtable.control.create("Gebruikers", {"Naam": "An", "E-mailadres": EMAIL})
    await visitor.login(EMAIL)
    await settled(app)
    answer = await visitor.set_password(EMAIL, letters(mailbox)[-1].code, PASSWORD)
    assert answer.status == 200
    return made


def cells(airtable: AirtableServer, record: str) -> dict[str, object]:
    """The record as editors see it."""
    found: dict[str, object] = airtable.control.record("Gebruikers", record)["fields"]
    return found


async def drain(outbound: Outbound) -> None:
    while await outbound.drain():
        pass


async def change_language(visitor: Visitor, record: str, language: str) -> None:
    answer = await visitor.ask("PATCH", f"users/{record}", json={"languageCode": language})
    assert answer.status == 200


async def test_example_8_F_A6_a_language_changed_there_and_back_arrives_as_it_ended(
    app: App,
    visitor: Visitor,
    outbound: Outbound,
    airtable: AirtableServer,
    store: Database,
    record: str,
) -> None:
    assert app.resources is not None
    for language in ("nl", "fr", "nl"):
        await change_language(visitor, record, language)
        await drain(outbound)
        assert cells(airtable, record)["Taalcode"] == language
    await list_people(Context(app.resources))
    assert await store.fetchval("SELECT language_code FROM users") == "nl"
    assert (await visitor.refresh()).data["user"]["languageCode"] == "nl"


async def test_F_A6_a_poll_before_the_delivery_undoes_nothing(
    app: App, visitor: Visitor, outbound: Outbound, airtable: AirtableServer, record: str
) -> None:
    assert app.resources is not None
    await change_language(visitor, record, "fr")
    airtable.control.edit("Gebruikers", record, {"Taalcode": "en", "Naam": "An Anders"})
    await list_people(Context(app.resources))
    user = (await visitor.refresh()).data["user"]
    assert (user["languageCode"], user["name"]) == ("fr", "An Anders")
    await drain(outbound)
    assert cells(airtable, record)["Taalcode"] == "fr"


async def test_the_login_day_arrives_and_the_hash_does_not(
    outbound: Outbound, airtable: AirtableServer, record: str
) -> None:
    await drain(outbound)
    found = cells(airtable, record)
    assert found["Laatste login"] == "2026-03-04"
    assert "Paswoord Hash" not in found


async def test_F_A6_a_changed_password_survives_what_stands_in_airtable(
    app: App, visitor: Visitor, airtable: AirtableServer, record: str
) -> None:
    assert app.resources is not None
    airtable.control.edit("Gebruikers", record, {"Paswoord Hash": "$2b$12$" + "a" * 53})
    await list_people(Context(app.resources))
    assert (await visitor.login(EMAIL, PASSWORD)).status == 200


class TestWithExport:
    """While a return to the former server must stay possible."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"SYNC_EXPORT_PASSWORD_HASH": "true"}

    async def test_F_A6_first_and_changed_passwords_reach_airtable(
        self,
        visitor: Visitor,
        outbound: Outbound,
        airtable: AirtableServer,
        store: Database,
        record: str,
    ) -> None:
        seen = set()
        for change in (None, PASSWORD + "!"):
            if change:
                assert (await visitor.change_password(change)).status == 200
            await drain(outbound)
            stored = await store.fetchval("SELECT password_hash FROM users")
            assert cells(airtable, record)["Paswoord Hash"] == stored
            seen.add(stored)
        assert len(seen) == 2


async def test_example_7_a_person_blocked_in_airtable_gets_no_link(
    app: App,
    visitor: Visitor,
    airtable: AirtableServer,
    mailbox: Mailbox,
    record: str,
) -> None:
    assert app.resources is not None
    airtable.control.edit("Gebruikers", record, {"Status": "Geen toegang"})
    sent = len(letters(mailbox))
    for _ in range(3):
        await list_people(Context(app.resources))
        assert (await visitor.request_link(EMAIL)).status == 200
        assert (await visitor.ask("GET", "rewards")).status == 403
    await settled(app)
    assert len(letters(mailbox)) == sent
    answer = await visitor.refresh()
    assert (answer.status, answer.cookie) == (403, "")
