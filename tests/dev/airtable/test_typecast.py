"""Typecast off refuses what is unknown; on, it creates options and linked records."""

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import (
    GOALS,
    METHOD_USAGE,
    METHODS,
    NOWHERE,
    PERSONAL_GOALS,
    PROGRAMS,
    USERS,
    kind,
)


def choices(root: httpx.Client, airtable: AirtableServer, table: str, field: str) -> list[str]:
    tables = root.get(f"/v0/meta/bases/{airtable.base_id}/tables").json()["tables"]
    fields = next(t["fields"] for t in tables if t["id"] == table)
    found = next(f for f in fields if f["name"] == field)
    return [choice["name"] for choice in found["options"]["choices"]]


def test_an_unknown_option_is_refused_without_typecast(
    airtable: AirtableServer, http: httpx.Client, root: httpx.Client
) -> None:
    answer = http.post(PROGRAMS, json={"fields": {"Duur van programma": "5 weken"}})
    assert (answer.status_code, kind(answer)) == (422, "INVALID_MULTIPLE_CHOICE_OPTIONS")
    assert "5 weken" not in choices(root, airtable, PROGRAMS, "Duur van programma")


def test_typecast_creates_the_option(
    airtable: AirtableServer, http: httpx.Client, root: httpx.Client
) -> None:
    body = {"typecast": True, "fields": {"Duur van programma": "5 weken"}}
    assert http.post(PROGRAMS, json=body).json()["fields"]["Duur van programma"] == "5 weken"
    assert choices(root, airtable, PROGRAMS, "Duur van programma")[-1] == "5 weken"
    plain = {"fields": {"Duur van programma": "5 weken"}}
    assert http.post(PROGRAMS, json=plain).status_code == 200


def test_a_refused_batch_creates_no_option(
    airtable: AirtableServer, http: httpx.Client, root: httpx.Client
) -> None:
    records = [{"fields": {"Duur van programma": "5 weken"}}, {"fields": {"ID": 1}}]
    assert http.post(PROGRAMS, json={"typecast": True, "records": records}).status_code == 422
    assert "5 weken" not in choices(root, airtable, PROGRAMS, "Duur van programma")


@pytest.mark.parametrize(
    ("value", "expected"), [("Ann", "INVALID_RECORD_ID"), (NOWHERE, "ROW_DOES_NOT_EXIST")]
)
def test_a_bad_link_is_refused_without_typecast(
    http: httpx.Client, value: str, expected: str
) -> None:
    answer = http.post(PERSONAL_GOALS, json={"fields": {"Gebruikers": [value]}})
    assert (answer.status_code, kind(answer)) == (422, expected)


def test_a_link_into_another_table_is_refused(airtable: AirtableServer, http: httpx.Client) -> None:
    goal = airtable.control.create(GOALS, {"Doelstelling Naam": "Rest"})
    answer = http.post(PERSONAL_GOALS, json={"fields": {"Gebruikers": [goal]}})
    assert kind(answer) == "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE"


def test_typecast_links_by_name_or_creates_the_linked_record(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    ann = airtable.control.create(USERS, {"Naam": "Ann"})
    body = {"typecast": True, "fields": {"Gebruikers": "Ann, Ben"}}
    linked = http.post(PERSONAL_GOALS, json=body).json()["fields"]["Gebruikers"]
    assert linked[0] == ann
    assert airtable.control.record(USERS, linked[1])["fields"]["Naam"] == "Ben"


def test_typecast_takes_a_uuid_for_a_name_and_makes_junk(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    body = {"typecast": True, "fields": {"Methode": ["7d1c9a52-0000-4000-8000-000000000000"]}}
    assert http.post(METHOD_USAGE, json=body).status_code == 200
    junk = airtable.control.records(METHODS)[0]["fields"]["Methode Naam"]
    assert junk.startswith("7d1c9a52")


def test_typecast_cannot_name_a_record_whose_name_is_computed(http: httpx.Client) -> None:
    body = {"typecast": True, "fields": {"Mentale Fitnessprogramma's": ["Spring"]}}
    assert http.post(METHOD_USAGE, json=body).status_code == 422


def test_typecast_never_accepts_an_id_that_does_not_exist(http: httpx.Client) -> None:
    body = {"typecast": True, "fields": {"Gebruikers": [NOWHERE]}}
    assert http.post(PERSONAL_GOALS, json=body).status_code == 422


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("Naam", 7, "7"),
        ("Bonus Punten", "12 points", 12),
        ("Bonus Punten", "many", None),
        ("Laatste login", "2026-01-05T10:00:00Z", "2026-01-05"),
        ("Status", "Nieuw", "Nieuw"),
    ],
)
def test_typecast_converts_text_and_numbers(
    http: httpx.Client, field: str, value: object, expected: object
) -> None:
    body = {"typecast": True, "fields": {field: value}}
    assert http.post(USERS, json=body).json()["fields"].get(field) == expected


def test_typecast_splits_a_text_into_options(http: httpx.Client) -> None:
    body = {"typecast": True, "fields": {"Optimale frequentie": "Dagelijks, Soms"}}
    shown = http.post(METHODS, json=body).json()["fields"]
    assert shown["Optimale frequentie"] == ["Dagelijks", "Soms"]
