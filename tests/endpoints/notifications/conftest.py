"""An application that can send pushes, Ann and Bob."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api._lib.app import App
from api._lib.context import Context
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.notifications.seed import PUSH_ENVIRON


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """Settings with keys; pushes go to known push services only."""
    return load_settings(environ | PUSH_ENVIRON | {"WEB_PUSH_ALLOWED_HOSTS": ""}, Role.APP)


@pytest.fixture
async def push_service() -> AsyncIterator[PushStandIn]:
    """A push service; what arrives there can be read."""
    async with PushStandIn() as service:
        yield service


@pytest.fixture
async def ann(client: httpx.AsyncClient, make_person: MakePerson) -> Asking:
    """A participant."""
    return Asking(client, await make_person())


@pytest.fixture
async def bob(client: httpx.AsyncClient, make_person: MakePerson) -> Asking:
    """Somebody else."""
    return Asking(client, await make_person())


@pytest.fixture
def ctx(app: App) -> Context:
    """A run of a job in the same process."""
    assert app.resources is not None
    return Context(app.resources)
