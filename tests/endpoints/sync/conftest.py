"""The application with a way to the stand-in for Airtable."""

import pytest

from api._lib.app import App
from api._lib.context import Context
from api._lib.settings import Role, Settings
from api._lib.settings_loader import load_settings
from tests.airtable import airtable_environ

__all__ = ["airtable_environ"]

SECRETS = {
    "AIRTABLE_USER_SYNC_SECRET": "of the people",
    "AIRTABLE_INBOUND_SYNC_SECRET": "of the rest",
    "USER_WEBHOOK_SYNC_ENABLED": "true",
}


@pytest.fixture
def settings(airtable_environ: dict[str, str]) -> Settings:
    """Settings of an application that talks to the stand-in."""
    return load_settings(airtable_environ | SECRETS, Role.APP)


@pytest.fixture
def ctx(app: App) -> Context:
    """What a use case of the running application sees."""
    assert app.resources is not None
    return Context(app.resources)
