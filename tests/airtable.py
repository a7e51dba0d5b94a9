"""Airtable for tests: the stand-in over loopback, and settings that lead to it."""

import pytest
from msgspec import structs

from api._lib.settings import Settings
from tasks.dev.airtable.testing import AirtableServer


@pytest.fixture
def airtable_environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """The environment of a process that talks to the stand-in, with short periods."""
    return environ | {
        "AIRTABLE_ACCESS_TOKEN": airtable.token,
        "AIRTABLE_BASE_ID": airtable.base_id,
        "AIRTABLE_ENDPOINT_URL": airtable.url,
        "AIRTABLE_MIN_INTERVAL_MS": "1",
    }


def with_settings(settings: Settings, **changes: object) -> Settings:
    """The settings with a few other values."""
    return structs.replace(settings, **changes)
