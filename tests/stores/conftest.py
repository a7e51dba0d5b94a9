"""A gateway to the stand-in."""

from collections.abc import AsyncIterator

import pytest

from api._lib.airtable.gateway import Gateway
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tests.airtable import airtable_environ

__all__ = ["airtable_environ"]


@pytest.fixture
def settings(airtable_environ: dict[str, str]) -> Settings:
    """Settings that lead to the stand-in."""
    return load_settings(airtable_environ, Role.APP)


@pytest.fixture
async def gateway(settings: Settings, cache: Cache, db: Database) -> AsyncIterator[Gateway]:
    """The way to the stand-in."""
    opened = Gateway(settings, cache, db)
    yield opened
    await opened.close()
