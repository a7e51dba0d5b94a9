"""How records are shown: names unless asked otherwise, empty cells left out, computed fields."""

import re

import httpx

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import (
    BONUS,
    HABITS,
    METHOD_USAGE,
    METHODS,
    NOWHERE,
    PROGRAMS,
    USER_NAME,
    USERS,
)


def test_every_answer_goes_by_name_unless_field_ids_are_asked_for(http: httpx.Client) -> None:
    body = {"fields": {USER_NAME: "Ann"}}
    created = http.post(USERS, json=body).json()
    assert created["fields"]["Naam"] == "Ann"
    record = f"{USERS}/{created['id']}"
    assert http.get(record).json()["fields"]["Naam"] == "Ann"
    assert http.get(USERS).json()["records"][0]["fields"]["Naam"] == "Ann"
    assert http.patch(record, json=body).json()["fields"]["Naam"] == "Ann"

    by_id = {**body, "returnFieldsByFieldId": True}
    asked = {"returnFieldsByFieldId": "true"}
    assert http.post(USERS, json=by_id).json()["fields"][USER_NAME] == "Ann"
    assert http.get(record, params=asked).json()["fields"][USER_NAME] == "Ann"
    assert http.get(USERS, params=asked).json()["records"][0]["fields"][USER_NAME] == "Ann"
    assert http.patch(record, json=by_id).json()["fields"][USER_NAME] == "Ann"


def test_empty_cells_are_absent_and_zero_is_present(http: httpx.Client) -> None:
    fields: dict[str, object] = {
        "Naam": "Ann",
        "E-mailadres": "",
        "Taalcode": None,
        "Bedrijf": [],
        BONUS: 0,
    }
    shown = http.post(USERS, json={"fields": fields}).json()["fields"]
    assert shown["Bonus Punten"] == 0
    assert not {"E-mailadres", "Taalcode", "Bedrijf", "Badges"} & set(shown)


def test_a_record_carries_its_id_and_its_creation_time(http: httpx.Client) -> None:
    record = http.post(HABITS, json={"fields": {}}).json()
    assert re.fullmatch(r"rec[A-Za-z0-9]{14}", record["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["createdTime"])
    assert record["fields"] == {}


def test_an_unknown_record_is_404_also_under_another_table(http: httpx.Client) -> None:
    record_id = http.post(HABITS, json={"fields": {}}).json()["id"]
    for path in (f"{HABITS}/{NOWHERE}", f"{HABITS}/nonsense", f"{USERS}/{record_id}"):
        answer = http.get(path)
        assert (answer.status_code, answer.json()) == (404, {"error": "NOT_FOUND"})


def test_computed_fields_follow_the_cells_they_depend_on(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    control = airtable.control
    user = control.create(USERS, {"Naam": "Ann", "Bonus Punten": 7})
    day = control.create("Dagen van de week", {"Name": "Maandag"})
    method = control.create(METHODS, {"Methode Naam": "Body scan"})
    program = control.create(
        PROGRAMS,
        {
            "Gebruiker": [user],
            "Startdatum": "2026-01-05",
            "Duur van programma": "4 weken",
            "Dagen van de week": [day],
        },
    )
    usage = control.create(
        METHOD_USAGE, {"Gebruiker": [user], "Methode": [method], "Gebruikt op": "2026-01-06"}
    )
    control.create("Goede gewoontes gebruik", {"Gebruikers": [user]})

    shown = http.get(f"{PROGRAMS}/{program}").json()["fields"]
    assert shown["ID"] == 1
    assert shown["Programma ID"] == "Ann - 2026-01-05"
    assert shown["Einddatum Programma"] == "01/02/2026"
    assert shown["Frequentie per week"] == 1
    completion = http.get(f"{METHOD_USAGE}/{usage}").json()["fields"]
    assert completion["Methode Naam"] == ["Body scan"]
    assert completion["Name"] == "Body scan - 2026-01-06"
    scores = http.get(f"{USERS}/{user}").json()["fields"]
    assert scores["Mental Fitness Score"] == 17
    assert scores["Goede Gewoontes Score"] == 5
    assert scores["Totaal Punten"] == 22


def test_a_program_without_start_has_no_end_and_a_number_of_its_own(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    first, second = (airtable.control.create(PROGRAMS, {}) for _ in range(2))
    shown = [http.get(f"{PROGRAMS}/{record}").json()["fields"] for record in (first, second)]
    assert [fields["ID"] for fields in shown] == [1, 2]
    assert all("Einddatum Programma" not in fields for fields in shown)


def test_a_formula_that_cannot_be_computed_shows_an_error(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    cells = {"Startdatum": "9999-12-31", "Duur van programma": "4 weken"}
    program = airtable.control.create(PROGRAMS, cells)
    shown = http.get(f"{PROGRAMS}/{program}").json()["fields"]
    assert shown["Einddatum Programma"] == {"error": "#ERROR!"}
