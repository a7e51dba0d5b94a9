"""The demo base goes into the local Airtable server whole and comes back over its API."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from pyairtable import Api
from pyairtable.api.base import Base

from tasks.dev.airtable.content import load_content, make_content, read_content
from tasks.dev.airtable.schema import load_schema
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.demo import DemoRecord, demo_base, demo_views
from tasks.dev.demo.records import record_id, schema

TODAY = date(2026, 3, 4)


@pytest.fixture(scope="module")
def server() -> Iterator[AirtableServer]:
    with AirtableServer() as running:
        load_content(running.base, make_content(demo_base(TODAY), demo_views()))
        yield running


@pytest.fixture(scope="module")
def airtable(server: AirtableServer) -> Base:
    return Api(server.token, endpoint_url=server.url).base(server.base_id)


@pytest.fixture(scope="module")
def demo() -> dict[str, list[DemoRecord]]:
    return demo_base(TODAY)


def by_id(airtable: Base, table: str, **options: Any) -> dict[str, dict[str, Any]]:
    found = airtable.table(table).all(use_field_ids=True, **options)
    return {record["id"]: record["fields"] for record in found}


def test_every_record_comes_back_and_none_was_made_by_typecast(
    airtable: Base, demo: dict[str, list[DemoRecord]]
) -> None:
    for table, records in demo.items():
        found = airtable.table(table).all()
        assert [record["id"] for record in found] == [record["id"] for record in records]
        assert [r["createdTime"] for r in found] == [r["createdTime"] for r in records]


def test_the_local_server_takes_the_demo_by_its_module_name(
    demo: dict[str, list[DemoRecord]],
) -> None:
    content = read_content("tasks.dev.demo")
    assert {k: len(v) for k, v in content.records.items()} == {k: len(v) for k, v in demo.items()}
    assert content.views == demo_views()


def test_every_cell_comes_back_as_it_was_given(
    airtable: Base, demo: dict[str, list[DemoRecord]]
) -> None:
    for table, records in demo.items():
        found = by_id(airtable, table)
        for record in records:
            for key, cell in record["fields"].items():
                field = schema().by_key[table].field(key)
                assert field is not None
                if field.type != "multipleAttachments":
                    assert found[record["id"]][field.id] == cell


def test_loading_added_no_option_to_a_select(server: AirtableServer) -> None:
    def options(fields: Any) -> dict[str, set[str]]:
        return {f.id: {c.name for c in f.choices} for f in fields if f.choices is not None}

    loaded, known = server.base.state.schema.fields, load_schema().fields
    assert options(loaded.values()) == options(known.values())


def test_the_app_view_gives_the_order_of_the_app_and_hides_the_rest(airtable: Base) -> None:
    for table, order in demo_views().items():
        assert list(by_id(airtable, table, view="App")) == order


def test_the_other_side_of_a_link_follows(airtable: Base) -> None:
    company = airtable.table("Bedrijven").get(record_id("Bedrijven", "linde"))
    assert record_id("Gebruikers", "lotte") in company["fields"]["Gebruikers"]
    session = airtable.table("Programmaplanning").get(
        record_id("Programmaplanning", "lotte-focus-1")
    )
    assert len(session["fields"]["Methodegebruik"]) == 2


def test_the_formulas_of_a_program_see_its_dates_and_days(airtable: Base) -> None:
    table = airtable.table("Mentale Fitnessprogramma's")
    program = table.get(record_id("Mentale Fitnessprogramma's", "lotte-focus"))["fields"]
    end = date.fromisoformat(program["Startdatum"]) + timedelta(days=27)
    assert program["Einddatum Programma"] == end.strftime("%d/%m/%Y")
    assert program["Frequentie per week"] == 3


def test_a_photo_and_a_sound_can_be_fetched(airtable: Base) -> None:
    method = airtable.table("Methodes").get(record_id("Methodes", "ademruimte"))
    medium = airtable.table("Media").get(record_id("Media", "ademruimte-audio"))
    for file, media_type in (
        (method["fields"]["Foto"][0], "image/svg+xml"),
        (medium["fields"]["Bestand"][0], "audio/wav"),
    ):
        answer = httpx.get(file["url"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media_type
        assert answer.content
