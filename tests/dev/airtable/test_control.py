"""The control API over HTTP, the log, the page and the files behind it."""

from typing import Any

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import HABITS, TICKS, USERS


@pytest.fixture
def control(airtable: AirtableServer) -> httpx.Client:
    return httpx.Client(base_url=f"{airtable.url}/_control/")


def call(control: httpx.Client, method: str, **arguments: Any) -> Any:
    answer = control.post(method, json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_a_record_is_made_edited_read_and_deleted_as_in_the_editor(control: httpx.Client) -> None:
    habit = call(control, "create", table="Goede gewoontes", fields={"Name": "Walk"})
    call(control, "edit", table=HABITS, record_id=habit, fields={"Notes": "Outside"})
    assert call(control, "records", table=HABITS)[0]["fields"] == {
        "Name": "Walk",
        "Notes": "Outside",
    }
    assert call(control, "count", table=HABITS) == 1
    call(control, "delete", table=HABITS, record_id=habit)
    assert call(control, "records", table=HABITS) == []


def test_faults_views_clock_and_reset_work_over_http(
    control: httpx.Client, http: httpx.Client
) -> None:
    a, b = (call(control, "create", table=HABITS, fields={"Name": x}) for x in "ab")
    call(control, "reorder", table=HABITS, view="App", record_ids=[b])
    assert call(control, "view_order", table=HABITS, view="App") == [b, a]
    call(control, "fault", status=503, retryAfter=3)
    assert http.get(HABITS).headers["Retry-After"] == "3"
    call(control, "advance", seconds=60)
    call(control, "limits", enabled=True, requests=1, window_seconds=60)
    assert [http.get(HABITS).status_code for _ in range(2)] == [200, 429]
    assert len(call(control, "requests")) == 3
    call(control, "reset")
    assert call(control, "count", table=HABITS) == 0
    assert call(control, "requests") == []


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("nothing", {}, 404),
        ("wait_for", {}, 404),
        ("_edit_view", {}, 404),
        ("records", {}, 400),
        ("records", {"table": "nothing"}, 403),
        ("create", {"table": HABITS, "fields": {"Nothing": 1}}, 422),
        ("hide", {"table": HABITS, "view": "Nothing", "record_ids": []}, 400),
        ("fault", {"status": "x"}, 400),
    ],
)
def test_a_wrong_call_gets_an_answer(
    control: httpx.Client, method: str, body: object, status: int
) -> None:
    assert control.post(method, json=body).status_code == status


def test_the_log_tells_when_what_and_how_it_ended(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    http.get("Goede gewoontes")
    http.post(f"{HABITS}/listRecords", json={"pageSize": 1000})
    first, second = airtable.control.requests()
    assert (first["method"], first["table"], first["status"]) == ("GET", HABITS, 200)
    assert (second["method"], second["status"]) == ("POST", 422)
    assert 0 <= second["time"] - first["time"] < 10
    assert airtable.control.busiest(60) == 2
    airtable.control.clear_requests()
    assert airtable.control.busiest() == 0


def test_the_page_and_its_files_are_served_without_outside_assets(airtable: AirtableServer) -> None:
    for path, media_type in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/j")):
        answer = httpx.get(airtable.url + path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media_type)
        assert "//" not in answer.text.replace("// ", "")


def test_the_page_lists_the_tables_and_the_newest_rows_first(
    airtable: AirtableServer, control: httpx.Client
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    habit = airtable.control.create(HABITS, {"Name": "Walk"})
    old = airtable.control.create(TICKS, {"Datum": "2026-01-04"})
    airtable.control.advance(1)
    new = airtable.control.create(
        TICKS, {"Gebruikers": [user], "Goede gewoontes": [habit], "Datum": "2026-01-05"}
    )
    tables = {t["id"]: t for t in control.get("tables").json()["tables"]}
    assert tables[TICKS]["count"] == 2
    page = control.get("rows", params={"table": TICKS}).json()
    assert [row["id"] for row in page["rows"]] == [new, old]
    assert tables[TICKS]["changed"] == page["rows"][0]["modified"]
    columns = [field["name"] for field in page["fields"]]
    shown = dict(zip(columns, page["rows"][0]["cells"], strict=True))
    assert (shown["Gebruikers"], shown["Goede gewoontes"]) == ("Ann", "Walk")
    assert shown["Datum"] == "2026-01-05"
    editable = {field["name"] for field in page["fields"] if field["editable"]}
    assert editable == {"Name", "Datum", "App ID"}
    found = control.get("rows", params={"table": TICKS, "search": "ann"}).json()
    assert (found["total"], found["rows"][0]["id"]) == (1, new)
    assert control.get("rows", params={"table": "nothing"}).status_code == 403


def test_waiting_gives_up(airtable: AirtableServer) -> None:
    with pytest.raises(TimeoutError):
        airtable.control.wait_for(lambda: False, seconds=0.05)
