"""Somebody whom records are about."""

import pytest

from api._lib.db import Database
from api._lib.settings import Settings
from tests.accounts.arriving import NOW
from tests.people import Person, add_person


@pytest.fixture
async def person(db: Database, settings: Settings) -> Person:
    """Somebody we know already, with a session."""
    return await add_person(db, settings.jwt_secret, NOW, email="an@voorbeeld.test")
