"""Lists: pages, cursors, views, fields, sorting and filters."""

from typing import Any

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import GOALS, HABITS, PERSONAL_GOALS, USERS, kind


def fill(airtable: AirtableServer, count: int) -> list[str]:
    return [airtable.control.create(HABITS, {"Name": f"Habit {i:03d}"}) for i in range(count)]


def ids(answer: httpx.Response) -> list[str]:
    return [record["id"] for record in answer.json()["records"]]


def names(answer: httpx.Response) -> list[str]:
    return [record["fields"].get("Name", "") for record in answer.json()["records"]]


def test_a_listing_comes_in_pages_of_at_most_100(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    everything = fill(airtable, 205)
    seen: list[str] = []
    query: dict[str, Any] = {}
    sizes = []
    while True:
        page = http.get(HABITS, params=query)
        sizes.append(len(ids(page)))
        seen += ids(page)
        if "offset" not in page.json():
            break
        query = {"offset": page.json()["offset"]}
    assert seen == everything
    assert sizes == [100, 100, 5]


@pytest.mark.parametrize("size", [0, 101, -1, "many"])
def test_a_page_size_out_of_range_is_refused(http: httpx.Client, size: object) -> None:
    assert http.get(HABITS, params={"pageSize": str(size)}).status_code == 422
    assert http.post(f"{HABITS}/listRecords", json={"pageSize": size}).status_code == 422


def test_the_order_is_frozen_at_page_one_and_values_are_current(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    a, b, c = fill(airtable, 3)
    first = http.get(HABITS, params={"pageSize": 1, "sort[0][field]": "Name"})
    airtable.control.edit(HABITS, c, {"Name": "AAA"})
    airtable.control.create(HABITS, {"Name": "AAB"})
    second = http.get(HABITS, params={"pageSize": 5, "offset": first.json()["offset"]})
    assert ids(first) == [a]
    assert ids(second) == [b, c]
    assert names(second) == ["Habit 001", "AAA"]


def test_a_record_deleted_between_pages_is_left_out(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    _, b, c = fill(airtable, 3)
    first = http.get(HABITS, params={"pageSize": 1})
    airtable.control.delete(HABITS, b)
    assert ids(http.get(HABITS, params={"offset": first.json()["offset"]})) == [c]


def test_the_same_offset_can_be_asked_for_again(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    fill(airtable, 4)
    query = {"pageSize": 2, "offset": http.get(HABITS, params={"pageSize": 2}).json()["offset"]}
    assert ids(http.get(HABITS, params=query)) == ids(http.get(HABITS, params=query))


def test_a_cursor_expires(airtable: AirtableServer, http: httpx.Client) -> None:
    fill(airtable, 3)
    first = http.get(HABITS, params={"pageSize": 1}).json()["offset"]
    airtable.control.advance(299)
    second = http.get(HABITS, params={"pageSize": 1, "offset": first}).json()["offset"]
    airtable.control.advance(301)
    late = http.get(HABITS, params={"offset": second})
    assert (late.status_code, kind(late)) == (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
    airtable.control.expire_cursors()
    for offset in (first, "itrUnknownUnknown/recAAAAAAAAAAAAAA", "nonsense"):
        assert http.get(HABITS, params={"offset": offset}).status_code == 422


def test_a_view_orders_and_filters(airtable: AirtableServer, http: httpx.Client) -> None:
    a, b, c, d = fill(airtable, 4)
    airtable.control.reorder(HABITS, "App", [c, a])
    airtable.control.hide(HABITS, "App", [b])
    assert ids(http.get(HABITS, params={"view": "App"})) == [c, a, d]
    assert ids(http.get(HABITS)) == [a, b, c, d]
    airtable.control.reveal(HABITS, "App", [b])
    e = airtable.control.create(HABITS, {"Name": "New"})
    assert ids(http.get(HABITS, params={"view": "App"})) == [c, a, b, d, e]
    assert airtable.control.view_order(HABITS, "App") == [c, a, b, d, e]
    by_name = http.get(HABITS, params={"view": "App", "sort[0][field]": "Name"})
    assert ids(by_name) == [a, b, c, d, e]


def test_an_unknown_view_is_refused(airtable: AirtableServer, http: httpx.Client) -> None:
    answer = http.get(USERS, params={"view": "App"})
    assert (answer.status_code, kind(answer)) == (422, "VIEW_NAME_NOT_FOUND")
    airtable.control.drop_view(HABITS, "App")
    assert http.get(HABITS, params={"view": "App"}).status_code == 422


def test_only_the_asked_fields_are_shown(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.create(HABITS, {"Name": "Walk", "Notes": "Outside"})
    shown = http.get(HABITS, params={"fields[]": ["Notes"]}).json()["records"][0]["fields"]
    assert shown == {"Notes": "Outside"}
    unknown = http.get(HABITS, params={"fields[]": ["Nothing"]})
    assert (unknown.status_code, kind(unknown)) == (422, "UNKNOWN_FIELD_NAME")


def test_sorting_puts_empty_cells_first_and_follows_several_keys(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    for name, notes in (("b", "1"), ("a", "2"), ("b", "0"), (None, "9")):
        airtable.control.create(HABITS, {"Name": name, "Notes": notes})
    query = {"sort[0][field]": "Name", "sort[1][field]": "Notes", "sort[1][direction]": "desc"}
    rows = http.get(HABITS, params=query).json()["records"]
    found = [(row["fields"].get("Name"), row["fields"]["Notes"]) for row in rows]
    assert found == [(None, "9"), ("a", "2"), ("b", "1"), ("b", "0")]
    body = {"sort": [{"field": "Name", "direction": "desc"}]}
    assert names(http.post(f"{HABITS}/listRecords", json=body))[-1] == ""
    assert http.get(HABITS, params={"sort[0][field]": "Nothing"}).status_code == 422
    assert http.get(HABITS, params={"sort[0][direction]": "asc"}).status_code == 422


def test_numbers_sort_as_numbers(airtable: AirtableServer, http: httpx.Client) -> None:
    for points in (10, 9, 100):
        airtable.control.create("Methodes", {"Punten waarde": points})
    rows = http.get("Methodes", params={"sort[0][field]": "Punten waarde"}).json()["records"]
    assert [row["fields"]["Punten waarde"] for row in rows] == [9, 10, 100]


def test_max_records_ends_a_listing_early(airtable: AirtableServer, http: httpx.Client) -> None:
    everything = fill(airtable, 5)
    first = http.get(HABITS, params={"maxRecords": 3, "pageSize": 2}).json()
    second = http.get(HABITS, params={"maxRecords": 3, "pageSize": 2, "offset": first["offset"]})
    assert ids(second) == everything[2:3]
    assert "offset" not in second.json()
    assert http.get(HABITS, params={"maxRecords": 0}).status_code == 422


def test_a_filter_finds_links_by_display_name_not_by_id(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    ann = airtable.control.create(USERS, {"Naam": "Ann"})
    goal = airtable.control.create(PERSONAL_GOALS, {"Naam": "Run", "Gebruikers": [ann]})
    by_name = http.get(PERSONAL_GOALS, params={"filterByFormula": "{Gebruikers} = 'Ann'"})
    by_id = http.get(PERSONAL_GOALS, params={"filterByFormula": f"{{Gebruikers}} = '{ann}'"})
    assert ids(by_name) == [goal]
    assert ids(by_id) == []


def test_a_list_of_record_ids_is_fetched_by_post(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    everything = fill(airtable, 150)
    wanted = everything[20:120]
    formula = "OR(" + ",".join(f"RECORD_ID()='{i}'" for i in wanted) + ")"
    body = {"filterByFormula": formula, "pageSize": 100, "returnFieldsByFieldId": True}
    assert ids(http.post(f"{HABITS}/listRecords", json=body)) == wanted


def test_changed_records_are_found_by_their_time_of_change(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    control = airtable.control
    old = control.create(USERS, {"Naam": "Old"})
    touched = control.create(USERS, {"Naam": "Touched"})
    linked = control.create(USERS, {"Naam": "Linked"})
    control.advance(3600)
    control.edit(USERS, touched, {"Naam": "Edited"})
    control.create("Goede gewoontes gebruik", {"Gebruikers": [linked]})
    formula = "IS_AFTER(LAST_MODIFIED_TIME(), DATEADD(NOW(), -10, 'minutes'))"
    found = ids(http.get(USERS, params={"filterByFormula": formula}))
    assert found == [touched, linked]
    control.edit(USERS, old, {"Naam": "Old"})
    assert ids(http.get(USERS, params={"filterByFormula": formula})) == found


@pytest.mark.parametrize(
    "formula", ["{Nothing} = 1", "NOSUCH()", "{Name} =", "LOWER()", "(1", "1 2", "'open"]
)
def test_a_broken_formula_is_refused(http: httpx.Client, formula: str) -> None:
    answer = http.get(HABITS, params={"filterByFormula": formula})
    assert (answer.status_code, kind(answer)) == (422, "INVALID_FILTER_BY_FORMULA")


def test_field_ids_do_not_work_in_formulas(http: httpx.Client) -> None:
    formula = {"filterByFormula": "{fldgLmhiCydWQgjUi} = 'x'"}
    assert http.get(GOALS, params=formula).status_code == 422
