"""A bare HTTP caller, so that the tests see what travels over the wire."""

from collections.abc import Iterator

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.hooks import Hooks


@pytest.fixture
def http(airtable: AirtableServer) -> Iterator[httpx.Client]:
    """A client that speaks to the base with the right token."""
    address = f"{airtable.url}/v0/{airtable.base_id}/"
    headers = {"Authorization": f"Bearer {airtable.token}"}
    with httpx.Client(base_url=address, headers=headers, verify=False) as client:
        yield client


@pytest.fixture
def root(airtable: AirtableServer) -> Iterator[httpx.Client]:
    """A client that speaks to the whole server with the right token."""
    headers = {"Authorization": f"Bearer {airtable.token}"}
    with httpx.Client(base_url=airtable.url, headers=headers, verify=False) as client:
        yield client


@pytest.fixture
def hooks(root: httpx.Client, airtable: AirtableServer) -> Hooks:
    """The webhooks of the base."""
    return Hooks(root, airtable.base_id)
