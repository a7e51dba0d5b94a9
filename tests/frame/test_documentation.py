"""The example of docs/adding-an-endpoint.md, saved and called as the page says."""

import json
import re
from pathlib import Path

import httpx
import msgspec
import pytest

from api._lib.app import API_ROOT, App
from api._lib.clock import ManualClock
from api._lib.openapi import document
from api._lib.router import discover
from api._lib.settings import Settings
from tests.people import add_person

PAGE = Path(__file__).parents[2] / "docs" / "adding-an-endpoint.md"


@pytest.fixture
def example() -> str:
    """The only Python block of the page."""
    [block] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(block)


def test_the_document_refers_to_what_it_holds_and_holds_what_it_refers_to() -> None:
    whole = json.loads(msgspec.json.encode(document(discover(API_ROOT), "1")))
    referred = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(whole)))
    assert referred == {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]}


def test_a_query_is_described_as_it_is_read() -> None:
    paths = document(discover(API_ROOT), "1")["paths"]
    told = {each["name"]: each for each in paths["/api/sync/dead-letters"]["get"]["parameters"]}
    limit = {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert told["limit"] == {"name": "limit", "in": "query", "required": False, "schema": limit}
    ids = paths["/api/companies/lookup"]["get"]["parameters"][0]
    assert (ids["name"], ids["required"]) == ("ids", True)


async def test_the_example_works_as_the_page_says(
    settings: Settings, clock: ManualClock, tmp_path: Path, example: str
) -> None:
    (tmp_path / "greeting.py").write_text(example)
    async with App(settings, clock=clock, api_root=tmp_path).running() as app:
        assert app.resources is not None
        person = await add_person(app.resources.db, settings.jwt_secret, clock.now())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            url = "/api/greeting"
            assert (await client.get(url)).json() == {"success": True, "data": "hello"}
            answer = await client.post(url, json={"toWhom": "Bo"}, headers=person.headers)
            assert answer.status_code == 201
            assert answer.json()["data"] == {"text": "An Voorbeeld greets Bo."}
            blank = await client.post(url, json={"toWhom": ""}, headers=person.headers)
            assert blank.status_code == 400
            assert (await client.post(url, json={"toWhom": "Bo"})).status_code == 401
            documented = (await client.get("/api/openapi.json")).json()["paths"]
            assert set(documented["/api/greeting"]) == {"get", "post"}
