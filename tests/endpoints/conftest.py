"""The whole application over real stores, and people to call it as."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.settings import Settings
from tests.people import Person, add_person
from tests.pools import Pools

MakePerson = Callable[..., Awaitable[Person]]


@pytest.fixture
async def app(settings: Settings, clock: ManualClock, pools: Pools) -> AsyncIterator[App]:
    """The running application."""
    async with (
        pools.database(settings) as database,
        App(settings, clock=clock).running(database) as running,
    ):
        yield running


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """A client that talks to the application like the proxy does."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://mfa.test") as calls:
        yield calls


@pytest.fixture
def make_person(app: App, settings: Settings, clock: ManualClock) -> MakePerson:
    """Makes people with a session."""

    async def make(**details: object) -> Person:
        assert app.resources is not None
        return await add_person(app.resources.db, settings.jwt_secret, clock.now(), **details)  # type: ignore[arg-type]  # passed through

    return make


@pytest.fixture
async def person(make_person: MakePerson) -> Person:
    """A participant with an open session."""
    return await make_person()


@pytest.fixture
def statements(app: App) -> list[str]:
    """Every SQL statement of the application from now on."""
    assert app.resources is not None
    seen: list[str] = []
    app.resources.db.observe(seen.append)
    return seen
