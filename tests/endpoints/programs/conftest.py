"""Content, a language model, Ann and Bob."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api._lib.db import Database
from tasks.dev.openai import KEY, OpenAiStandIn
from tests.endpoints.asking import Asking
from tests.endpoints.conftest import MakePerson
from tests.programs.catalogue import add_library


@pytest.fixture
async def model() -> AsyncIterator[OpenAiStandIn]:
    """The language model, as good or bad as the test tells it to be."""
    async with OpenAiStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def environ(environ: dict[str, str], model: OpenAiStandIn) -> dict[str, str]:
    """The environment with the way to the language model."""
    return {**environ, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": model.base_url}


@pytest.fixture
async def ann(client: httpx.AsyncClient, make_person: MakePerson, db: Database) -> Asking:
    """A participant, where there is content."""
    await add_library(db)
    return Asking(client, await make_person())


@pytest.fixture
async def bob(client: httpx.AsyncClient, make_person: MakePerson) -> Asking:
    """Somebody else."""
    return Asking(client, await make_person())
