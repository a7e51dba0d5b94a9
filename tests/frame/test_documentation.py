"""The example of docs/adding-an-endpoint.md, saved and called as the page says."""

import re
from pathlib import Path

import httpx
import pytest

from api._lib.app import App
from api._lib.clock import ManualClock
from api._lib.settings import Settings
from tests.people import add_person

PAGE = Path(__file__).parents[2] / "docs" / "adding-an-endpoint.md"


@pytest.fixture
def example() -> str:
    """The only Python block of the page."""
    [block] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(block)


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
