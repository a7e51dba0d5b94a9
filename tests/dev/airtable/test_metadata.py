"""The metadata API and what editors may do to the schema."""

from typing import Any

import httpx
import pytest

from tasks.dev.airtable.base import Base, Options
from tasks.dev.airtable.schema import load_schema
from tasks.dev.airtable.store import Store
from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import HABITS, PROGRAMS, TICKS, USERS, kind


def table(root: httpx.Client, airtable: AirtableServer, table_id: str) -> dict[str, Any]:
    tables = root.get(f"/v0/meta/bases/{airtable.base_id}/tables").json()["tables"]
    found: dict[str, Any] = next(t for t in tables if t["id"] == table_id)
    return found


def add(root: httpx.Client, airtable: AirtableServer, **body: Any) -> httpx.Response:
    return root.post(f"/v0/meta/bases/{airtable.base_id}/tables/{TICKS}/fields", json=body)


def test_whoami_tells_the_scopes(root: httpx.Client) -> None:
    answer = root.get("/v0/meta/whoami").json()
    assert answer["id"].startswith("usr")
    assert "schema.bases:read" in answer["scopes"]


def test_the_one_base_is_listed(root: httpx.Client, airtable: AirtableServer) -> None:
    bases = root.get("/v0/meta/bases").json()["bases"]
    assert [(base["id"], base["permissionLevel"]) for base in bases] == [
        (airtable.base_id, "create")
    ]


def test_all_23_tables_are_described(root: httpx.Client, airtable: AirtableServer) -> None:
    tables = root.get(f"/v0/meta/bases/{airtable.base_id}/tables").json()["tables"]
    assert len(tables) == 23
    for one in tables:
        fields = {field["id"]: field for field in one["fields"]}
        assert one["primaryFieldId"] in fields
        assert len({field["name"] for field in one["fields"]}) == len(fields)
        assert one["views"][0]["type"] == "grid"
    with_view = {one["name"] for one in tables if "App" in {v["name"] for v in one["views"]}}
    assert with_view == {"Methodes", "Doelstellingen", "Overtuigingen", "Goede gewoontes"}


def test_a_field_is_described_with_its_type(root: httpx.Client, airtable: AirtableServer) -> None:
    fields = {f["name"]: f for f in table(root, airtable, PROGRAMS)["fields"]}
    assert fields["ID"]["type"] == "autoNumber"
    assert [c["name"] for c in fields["Status"]["options"]["choices"]] == [
        "Actief",
        "Gepland",
        "Afgewerkt",
    ]
    link = fields["Gebruiker"]["options"]
    assert (link["linkedTableId"], link["isReversed"]) == (USERS, False)
    assert fields["Einddatum Programma"]["options"]["isValid"]
    assert fields["Frequentie per week"]["options"]["recordLinkFieldId"] == "fldC9mH8v5UjLSPVU"


def test_app_id_stands_in_the_nine_writable_tables() -> None:
    names = {t.name for t in load_schema().tables if t.field("App ID")}
    assert names == {
        "Gebruikers",
        "Mentale Fitnessprogramma's",
        "Programmaplanning",
        "Methodegebruik",
        "Persoonlijke doelen",
        "Persoonlijk Doelgebruik",
        "Persoonlijke Overtuigingen",
        "Overtuigingen Gebruik",
        "Goede gewoontes gebruik",
    }


@pytest.mark.parametrize(("tables", "left"), [(("*",), 0), ((TICKS, "Gebruikers"), 7)])
def test_a_base_can_start_without_app_id(tables: tuple[str, ...], left: int) -> None:
    base = Base(Options(without_app_id=tables), Store(":memory:"))
    assert sum(t.field("App ID") is not None for t in base.state.schema.tables) == left


def test_app_id_can_be_added(root: httpx.Client, airtable: AirtableServer) -> None:
    airtable.control.drop_field(TICKS, "App ID")
    assert "App ID" not in {f["name"] for f in table(root, airtable, TICKS)["fields"]}
    created = add(root, airtable, name="App ID", type="singleLineText", description="Key")
    assert created.status_code == 200
    assert created.json()["description"] == "Key"
    assert created.json() in table(root, airtable, TICKS)["fields"]
    airtable.control.create(TICKS, {created.json()["id"]: "a"})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "Datum", "type": "singleLineText"}, 422),
        ({"name": "", "type": "singleLineText"}, 422),
        ({"name": "New", "type": "formula"}, 422),
        ({"name": "New", "type": "singleLineText", "options": {"a": 1}}, 422),
        ({"name": "New", "type": "number", "options": {"choices": []}}, 422),
        ({"name": "New", "type": "singleSelect"}, 422),
        ({"name": "New"}, 422),
        ({"name": "New", "type": "number", "options": {"precision": 0}}, 200),
        ({"name": "New", "type": "checkbox", "options": {"icon": "check", "color": "red"}}, 200),
        ({"name": "New", "type": "singleSelect", "options": {"choices": [{"name": "a"}]}}, 200),
    ],
)
def test_a_new_field_is_checked(
    root: httpx.Client, airtable: AirtableServer, body: dict[str, Any], status: int
) -> None:
    assert add(root, airtable, **body).status_code == status


def test_a_renamed_field_keeps_its_id_and_formulas_follow(
    http: httpx.Client, airtable: AirtableServer
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann", "Bonus Punten": 3})
    airtable.control.rename_field(USERS, "Bonus Punten", "Extra")
    shown = http.get(f"{USERS}/{user}").json()["fields"]
    assert (shown["Extra"], shown["Totaal Punten"]) == (3, 3)
    assert kind(http.get(USERS, params={"filterByFormula": "{Bonus Punten} = 3"})) == (
        "INVALID_FILTER_BY_FORMULA"
    )


def test_a_formula_field_can_become_a_number(http: httpx.Client, airtable: AirtableServer) -> None:
    airtable.control.retype_field(USERS, "Totaal Punten", "number")
    answer = http.post(USERS, json={"fields": {"Totaal Punten": 5}})
    assert answer.json()["fields"]["Totaal Punten"] == 5


def test_a_dropped_field_takes_its_cells_along(
    http: httpx.Client, airtable: AirtableServer
) -> None:
    habit = airtable.control.create(HABITS, {"Name": "Walk", "Notes": "Outside"})
    airtable.control.drop_field(HABITS, "Notes")
    assert http.get(f"{HABITS}/{habit}").json()["fields"] == {"Name": "Walk"}


def test_an_added_field_has_the_id_the_control_told(
    root: httpx.Client, airtable: AirtableServer
) -> None:
    field_id = airtable.control.add_field(HABITS, "Extra")
    assert airtable.control.field_id(HABITS, "Extra") == field_id
    assert field_id in {f["id"] for f in table(root, airtable, HABITS)["fields"]}
