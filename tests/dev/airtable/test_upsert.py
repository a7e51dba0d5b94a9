"""Merging on named fields: none creates, one updates, several refuse."""

from typing import Any

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import NOWHERE, TICK_DATE, TICKS, USERS, kind


def upsert(
    http: httpx.Client, *records: dict[str, Any], on: tuple[str, ...] = ("App ID",)
) -> httpx.Response:
    body = {"performUpsert": {"fieldsToMergeOn": list(on)}, "records": list(records)}
    return http.patch(TICKS, json=body)


def tick(app_id: str, day: str = "2026-01-05") -> dict[str, Any]:
    return {"fields": {"App ID": app_id, "Datum": day}}


def test_a_first_upsert_creates_and_a_second_updates(http: httpx.Client) -> None:
    first = upsert(http, tick("a"), tick("b")).json()
    ids = [record["id"] for record in first["records"]]
    assert (first["createdRecords"], first["updatedRecords"]) == (ids, [])
    second = upsert(http, tick("a", "2026-01-06"), tick("c")).json()
    assert second["updatedRecords"] == [ids[0]]
    assert second["createdRecords"] == [second["records"][1]["id"]]
    assert second["records"][0]["fields"]["Datum"] == "2026-01-06"


def test_the_merge_field_goes_by_id_too(airtable: AirtableServer, http: httpx.Client) -> None:
    app_id = airtable.control.field_id(TICKS, "App ID")
    record = {"fields": {app_id: "a", TICK_DATE: "2026-01-05"}}
    created = upsert(http, record, on=(app_id,)).json()["createdRecords"]
    assert upsert(http, record, on=(app_id,)).json()["updatedRecords"] == created


def test_several_matches_refuse_the_whole_request(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    for _ in range(2):
        airtable.control.create(TICKS, {"App ID": "twin"})
    answer = upsert(http, tick("new"), tick("twin"))
    assert answer.status_code == 422
    assert airtable.control.count(TICKS) == 2


def test_two_records_of_one_request_cannot_merge_into_one(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    assert upsert(http, tick("a"), tick("a")).status_code == 422
    assert airtable.control.count(TICKS) == 0


def test_records_with_an_id_are_plain_updates(http: httpx.Client) -> None:
    record_id = upsert(http, tick("a")).json()["createdRecords"][0]
    moved = {"id": record_id, "fields": {"Datum": "2026-02-01"}}
    answer = upsert(http, moved, tick("b")).json()
    assert answer["updatedRecords"] == [record_id]
    unknown = {"id": NOWHERE, "fields": {}}
    assert upsert(http, unknown).status_code == 404


@pytest.mark.parametrize("on", [(), ("App ID", "Datum", "Name", "Gebruikers"), ("Nothing",)])
def test_one_to_three_known_fields_are_merged_on(http: httpx.Client, on: tuple[str, ...]) -> None:
    assert upsert(http, tick("a"), on=on).status_code == 422


def test_a_link_or_computed_field_cannot_be_merged_on(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    linked = {"fields": {"Gebruikers": [user]}}
    assert upsert(http, linked, on=("Gebruikers",)).status_code == 422
    body = {"performUpsert": {"fieldsToMergeOn": ["Totaal Punten"]}, "records": [{"fields": {}}]}
    assert http.patch(USERS, json=body).status_code == 422


def test_a_record_without_its_merge_value_is_refused(http: httpx.Client) -> None:
    answer = upsert(http, {"fields": {"Datum": "2026-01-05"}})
    assert (answer.status_code, kind(answer)) == (422, "INVALID_REQUEST_MISSING_FIELDS")


def test_several_fields_must_all_match(http: httpx.Client) -> None:
    on = ("App ID", "Datum")
    assert upsert(http, tick("a", "2026-01-05"), on=on).json()["createdRecords"]
    assert upsert(http, tick("a", "2026-01-06"), on=on).json()["createdRecords"]
    assert upsert(http, tick("a", "2026-01-06"), on=on).json()["updatedRecords"]


def test_a_merge_sees_renamed_and_deleted_records(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    first = upsert(http, tick("a")).json()["createdRecords"][0]
    airtable.control.edit(TICKS, first, {"App ID": "b"})
    assert upsert(http, tick("b")).json()["updatedRecords"] == [first]
    airtable.control.delete(TICKS, first)
    assert upsert(http, tick("b")).json()["updatedRecords"] == []


def test_a_put_upsert_empties_the_other_cells(http: httpx.Client) -> None:
    upsert(http, tick("a"))
    body = {
        "performUpsert": {"fieldsToMergeOn": ["App ID"]},
        "records": [{"fields": {"App ID": "a"}}],
    }
    assert http.put(TICKS, json=body).json()["records"][0]["fields"] == {"App ID": "a"}


def test_a_table_without_app_id_refuses_the_upsert(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    airtable.control.drop_field(TICKS, "App ID")
    answer = upsert(http, tick("a"))
    assert (answer.status_code, kind(answer)) == (422, "UNKNOWN_FIELD_NAME")
