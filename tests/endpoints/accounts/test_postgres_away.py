"""What an outage of Postgres means for logging in and out."""

from collections.abc import AsyncIterator

import httpx
import pytest
from msgspec import structs

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.limits import CODE_ACCOUNT, LINK_ADDRESS, LOGIN_ACCOUNT_AND_ADDRESS, Use
from api._lib.settings import Settings
from tests.endpoints.accounts.visitor import HOME, Visitor
from tests.people import PASSWORD, Person

NOWHERE = "postgresql://mfa@127.0.0.1:9/mfa"


@pytest.fixture
async def cut_off(app: App, settings: Settings, clock: ManualClock) -> AsyncIterator[Visitor]:
    """Somebody at a second process that reaches Redis, but not Postgres."""
    away = structs.replace(settings, database_url=NOWHERE, database_direct_url=None)
    async with App(away, clock=clock).running() as other:
        transport = httpx.ASGITransport(other, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://mfa.test") as client:
            yield Visitor(client)


async def test_F_A12_an_outage_locks_nobody_out(
    cut_off: Visitor, visitor: Visitor, person: Person
) -> None:
    for _ in range(LOGIN_ACCOUNT_AND_ADDRESS.limit):
        assert (await cut_off.login(person.email, PASSWORD)).status == 503
    for _ in range(CODE_ACCOUNT.limit):
        assert (await cut_off.enter_code(person.email, "123456")).status == 503
    assert (await visitor.login(person.email, PASSWORD)).status == 200
    assert (await visitor.enter_code(person.email, "123456")).status == 401


async def test_an_outage_uses_up_no_tries_of_an_address(
    cut_off: Visitor, visitor: Visitor, app: App
) -> None:
    assert app.resources is not None
    for _ in range(LINK_ADDRESS.limit - 1):
        await app.resources.limits.take(Use(LINK_ADDRESS, HOME))
    assert (await cut_off.open_link("0" * 64)).status == 503
    assert (await visitor.open_link("0" * 64)).status == 401


async def test_F_A7_who_logs_out_leaves_no_cookie_behind(
    cut_off: Visitor, visitor: Visitor, person: Person
) -> None:
    await visitor.login(person.email, PASSWORD)
    cut_off.cookie = visitor.cookie
    answer = await cut_off.ask("POST", "auth/logout")
    assert (answer.status, answer.cookie) == (200, "")
