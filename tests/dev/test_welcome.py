"""The welcome page: what it knows, and how it learns that a record has arrived."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tasks.dev import report, welcome
from tasks.dev.airtable.testing import AirtableServer
from tests.dev.test_environment import FACTS

TICKS = "Goede gewoontes gebruik"


@pytest.fixture
def airtable() -> Iterator[AirtableServer]:
    with AirtableServer() as server:
        yield server


def config(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / "config.json").read_text())
    return content


def test_the_page_needs_no_inline_script_and_can_be_written_again(tmp_path: Path) -> None:
    for _ in range(2):
        welcome.prepare(tmp_path / "welcome", FACTS)
    page = (tmp_path / "welcome" / "index.html").read_text()
    assert page.count("<script") == page.count("<script src=") == 1
    assert "style=" not in page


def test_the_page_knows_this_run(tmp_path: Path) -> None:
    welcome.prepare(tmp_path, FACTS)
    known = config(tmp_path)
    assert known["airtable"] == f"{FACTS.airtable.url}/"
    assert known["airtableTicks"] == f"{FACTS.airtable.url}/#Goede%20gewoontes%20gebruik"
    assert known["logins"] == FACTS.logins


def test_the_page_leads_to_the_real_tables_when_those_are_used(tmp_path: Path) -> None:
    real = report.Airtable("https://api.airtable.com", "pat", "appReal")
    welcome.prepare(tmp_path, replace(FACTS, airtable=real))
    assert config(tmp_path)["airtable"] == "https://airtable.com/appReal"
    assert config(tmp_path)["seen"] is None


def test_there_is_a_picture_of_a_tick_once_it_stands_in_airtable(
    tmp_path: Path, airtable: AirtableServer
) -> None:
    place = report.Airtable(airtable.url, airtable.token, airtable.base_id)
    welcome.prepare(tmp_path, replace(FACTS, airtable=place))
    picture = f"{config(tmp_path)['seen']}5746c484-28ae-4254-a664-8c0b49bb6099"
    assert httpx.get(picture).status_code == 404
    created = httpx.post(
        f"{airtable.url}/v0/{airtable.base_id}/{TICKS}",
        headers={"authorization": f"Bearer {airtable.token}"},
        json={"fields": {"App ID": "5746c484-28ae-4254-a664-8c0b49bb6099"}},
    )
    answer = httpx.get(picture)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert created.json()["id"] in answer.text


def test_there_is_no_picture_from_an_unknown_table(airtable: AirtableServer) -> None:
    url = f"{airtable.url}/_control/seen.svg"
    assert httpx.get(url, params={"table": "Nergens", "search": "x"}).status_code == 404
