"""Writes: batches, what cells accept, PATCH against PUT, deletion."""

from typing import Any

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import (
    HABITS,
    METHOD_USAGE,
    METHODS,
    NOWHERE,
    PERSONAL_GOALS,
    PROGRAMS,
    SESSIONS,
    USER_NAME,
    USERS,
    kind,
)


def make(http: httpx.Client, table: str, **fields: Any) -> str:
    return str(http.post(table, json={"fields": fields}).json()["id"])


@pytest.mark.parametrize("count", [0, 11])
def test_a_batch_holds_one_to_ten_records(http: httpx.Client, count: int) -> None:
    records = [{"fields": {"Name": str(i)}} for i in range(count)]
    assert http.post(HABITS, json={"records": records}).status_code == 422
    assert http.get(HABITS).json() == {"records": []}
    changes = [{"id": NOWHERE, "fields": {}} for _ in range(count)]
    assert http.patch(HABITS, json={"records": changes}).status_code == 422
    ids = [NOWHERE] * count
    assert http.delete(HABITS, params={"records[]": ids}).status_code == 422


def test_ten_records_are_created_in_order(http: httpx.Client) -> None:
    records = [{"fields": {"Name": str(i)}} for i in range(10)]
    answer = http.post(HABITS, json={"records": records}).json()["records"]
    assert [record["fields"]["Name"] for record in answer] == [str(i) for i in range(10)]


def test_a_batch_with_one_bad_record_changes_nothing(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    record = make(http, HABITS, Name="Walk")
    bad = [{"fields": {"Name": "Good"}}, {"fields": {"Name": 7}}]
    assert http.post(HABITS, json={"records": bad}).status_code == 422
    half = [{"id": record, "fields": {"Name": "Run"}}, {"id": NOWHERE, "fields": {}}]
    assert http.patch(HABITS, json={"records": half}).status_code == 404
    gone = {"records[]": [record, NOWHERE]}
    assert http.delete(HABITS, params=gone).status_code == 404
    assert airtable.control.records(HABITS)[0]["fields"] == {"Name": "Walk"}


def test_one_record_cannot_be_changed_twice_in_a_batch(http: httpx.Client) -> None:
    record = make(http, HABITS, Name="Walk")
    twice = [{"id": record, "fields": {"Name": x}} for x in "ab"]
    assert http.patch(HABITS, json={"records": twice}).status_code == 422


def test_one_field_cannot_be_given_twice(http: httpx.Client) -> None:
    answer = http.post(USERS, json={"fields": {"Naam": "Ann", USER_NAME: "Ben"}})
    assert answer.status_code == 422


def test_patch_touches_given_cells_and_put_empties_the_others(http: httpx.Client) -> None:
    record = make(http, HABITS, Name="Walk", Notes="Outside")
    patched = http.patch(f"{HABITS}/{record}", json={"fields": {"Name": "Run"}}).json()
    assert patched["fields"] == {"Name": "Run", "Notes": "Outside"}
    put = http.put(f"{HABITS}/{record}", json={"fields": {"Name": "Swim"}}).json()
    assert put["fields"] == {"Name": "Swim"}
    both = [{"id": record, "fields": {"Notes": "Inside"}}]
    assert http.put(HABITS, json={"records": both}).json()["records"][0]["fields"] == {
        "Notes": "Inside"
    }


def test_put_also_empties_reciprocal_links(airtable: AirtableServer, http: httpx.Client) -> None:
    user = make(http, USERS, Naam="Ann")
    goal = make(http, PERSONAL_GOALS, Naam="Run", Gebruikers=[user])
    http.put(f"{USERS}/{user}", json={"fields": {"Naam": "Ann"}})
    assert "Gebruikers" not in airtable.control.record(PERSONAL_GOALS, goal)["fields"]


@pytest.mark.parametrize("empty", [None, "", False])
def test_a_cell_is_cleared_with_nothing(http: httpx.Client, empty: object) -> None:
    record = make(http, HABITS, Name="Walk", Notes="Outside")
    answer = http.patch(f"{HABITS}/{record}", json={"fields": {"Notes": empty}}).json()
    assert answer["fields"] == {"Name": "Walk"}


@pytest.mark.parametrize(
    ("table", "field"),
    [
        (USERS, "Totaal Punten"),
        (USERS, "Aangemaakt op"),
        (PROGRAMS, "ID"),
        (PROGRAMS, "Frequentie per week"),
        (PROGRAMS, "Einddatum Programma"),
        (METHOD_USAGE, "Methode Naam"),
    ],
)
@pytest.mark.parametrize("value", [1, None])
def test_a_computed_field_refuses_the_whole_request(
    http: httpx.Client, table: str, field: str, value: object
) -> None:
    answer = http.post(table, json={"records": [{"fields": {field: value}}, {"fields": {}}]})
    assert (answer.status_code, kind(answer)) == (422, "INVALID_VALUE_FOR_COLUMN")
    assert http.get(table).json() == {"records": []}


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        (HABITS, "Name", 7),
        (HABITS, "Name", ["a"]),
        (HABITS, "Notes", {"a": 1}),
        (HABITS, "Notes", "x" * 100_001),
        (USERS, "Bonus Punten", "7"),
        (USERS, "Bonus Punten", True),
        (USERS, "Laatste login", "05/01/2026"),
        (USERS, "Laatste login", "2026-02-30"),
        (USERS, "Laatste login", "2026-01-05T10:00:00Z"),
        (USERS, "Laatste login", 20260105),
        (SESSIONS, "Begintijd", "noon"),
        (SESSIONS, "Begintijd", 5),
        (USERS, "Status", ["Actief"]),
        (METHODS, "Optimale frequentie", "Dagelijks"),
        (METHODS, "Optimale frequentie", [1]),
        (USERS, "Bedrijf", "Acme"),
        (USERS, "Bedrijf", [7]),
        (USERS, "Bedrijf", [""]),
        (METHODS, "Foto", "https://example.test/a.png"),
        (METHODS, "Foto", ["https://example.test/a.png"]),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(
    http: httpx.Client, table: str, field: str, value: object
) -> None:
    answer = http.post(table, json={"fields": {field: value}})
    assert (answer.status_code, kind(answer)) == (422, "INVALID_VALUE_FOR_COLUMN")


def test_the_right_kinds_are_accepted(http: httpx.Client) -> None:
    fields = {"Laatste login": "2026-01-05", "Bonus Punten": 1.5, "Status": "Geen toegang"}
    shown = http.post(USERS, json={"fields": fields}).json()["fields"]
    assert {key: shown[key] for key in fields} == fields
    moment = {"Begintijd": "2026-01-05T10:00:00+01:00"}
    session = http.post(SESSIONS, json={"fields": moment}).json()
    assert session["fields"]["Begintijd"] == "2026-01-05T09:00:00.000Z"
    chosen = {"Optimale frequentie": ["Ad-hoc", "Dagelijks", "Ad-hoc"]}
    method = http.post(METHODS, json={"fields": chosen}).json()
    assert method["fields"]["Optimale frequentie"] == ["Ad-hoc", "Dagelijks"]


def test_an_unknown_field_is_refused(http: httpx.Client) -> None:
    answer = http.post(HABITS, json={"fields": {"Nothing": 1}})
    assert (answer.status_code, kind(answer)) == (422, "UNKNOWN_FIELD_NAME")


def test_records_are_deleted_one_by_one_and_in_batches(http: httpx.Client) -> None:
    a, b, c = (make(http, HABITS, Name=x) for x in "abc")
    assert http.delete(f"{HABITS}/{a}").json() == {"id": a, "deleted": True}
    assert http.delete(f"{HABITS}/{a}").status_code == 404
    assert http.patch(f"{HABITS}/{a}", json={"fields": {}}).status_code == 404
    answer = http.delete(HABITS, params={"records[]": [b, c]}).json()
    assert answer == {"records": [{"id": b, "deleted": True}, {"id": c, "deleted": True}]}
    assert http.get(HABITS).json() == {"records": []}
