"""Content, Ann and Bob."""

import httpx
import pytest

from api._lib.db import Database
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.tracking.seed import add_content


@pytest.fixture
async def ann(client: httpx.AsyncClient, make_person: MakePerson, db: Database) -> Asking:
    """A participant, where there are methods, habits and beliefs."""
    await add_content(db)
    return Asking(client, await make_person())


@pytest.fixture
async def bob(client: httpx.AsyncClient, make_person: MakePerson) -> Asking:
    """Somebody else."""
    return Asking(client, await make_person())
