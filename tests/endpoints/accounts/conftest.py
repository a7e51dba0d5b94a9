"""The application with a mail server and Airtable, both real servers over loopback."""

from collections.abc import AsyncIterator

import bcrypt
import httpx
import pytest

from api._lib.accounts import passwords
from api._lib.app import App
from api._lib.db import Database
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.accounts.visitor import Visitor
from tests.endpoints.conftest import MakePerson
from tests.ground.smtp import Mailbox, smtp_server
from tests.people import CHEAP_HASH, Person


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work bcrypt can do; how much it is in earnest, tests/accounts/test_passwords tells.

    It also hides less: what else takes time for known and unknown people shows more clearly.
    """
    monkeypatch.setattr(passwords, "COST", 4)
    nobody = bcrypt.hashpw(b"nobody", bcrypt.gensalt(4)).decode()
    monkeypatch.setattr(passwords, "NOBODY", nobody)


@pytest.fixture
def make_person(make_person: MakePerson) -> MakePerson:
    """Makes people with a session and a password that is quickly compared."""

    async def make(**details: object) -> Person:
        return await make_person(**({"password_hash": CHEAP_HASH} | details))

    return make


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """What the mail server took."""
    async with smtp_server() as box:
        yield box


@pytest.fixture
def environ(environ: dict[str, str], mailbox: Mailbox, airtable: AirtableServer) -> dict[str, str]:
    """The environment of an application that can mail and reach Airtable."""
    return (
        environ
        | airtable.environ
        | {
            "APP_URL": "https://mfa.test",
            "SMTP_SERVER": "127.0.0.1",
            "SMTP_PORT": str(mailbox.port),
            "SMTP_FROM": "no-reply@mfa.test",
            "AIRTABLE_MIN_INTERVAL_MS": "1",
        }
    )


@pytest.fixture
def visitor(client: httpx.AsyncClient) -> Visitor:
    """Somebody at home."""
    return Visitor(client)


@pytest.fixture
def store(app: App) -> Database:
    """The database of the application."""
    assert app.resources is not None
    return app.resources.db


@pytest.fixture
async def outbound(app: App) -> AsyncIterator[Outbound]:
    """The worker's sending half."""
    assert app.resources is not None
    sending = Outbound(app.resources.db, app.resources.airtable, app.settings, "worker-1")
    yield sending
    sending.stop()
