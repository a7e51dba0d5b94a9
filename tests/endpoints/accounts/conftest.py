"""The application with a mail server and Airtable, both real servers over loopback."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api._lib.app import App
from api._lib.db import Database
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.endpoints.accounts.visitor import Visitor
from tests.ground.smtp import Mailbox, smtp_server


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
