"""Webhooks: registration, payloads, filters, expiry and pings."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.airtable.webhooks.pings import signature
from tests.dev.airtable.names import (
    HABITS,
    PROGRAMS,
    TICK_DATE,
    TICK_HABIT,
    TICK_USER,
    TICKS,
    USER_NAME,
    USER_STATUS,
    USERS,
    kind,
)

DAY = 86_400


class Hooks:
    """The webhooks API of one base."""

    def __init__(self, root: httpx.Client, base_id: str) -> None:
        self.root = root
        self.path = f"/v0/bases/{base_id}/webhooks"

    def post(self, url: str | None = None, includes: Any = None, **filters: Any) -> httpx.Response:
        options = {"filters": {"dataTypes": ["tableData"], **filters}}
        if includes:
            options["includes"] = includes
        body = {"notificationUrl": url, "specification": {"options": options}}
        return self.root.post(self.path, json=body)

    def create(self, url: str | None = None, includes: Any = None, **filters: Any) -> str:
        return str(self.post(url, includes, **filters).json()["id"])

    def payloads(self, hook: str, **query: Any) -> dict[str, Any]:
        answer = self.root.get(f"{self.path}/{hook}/payloads", params=query)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def changes(self, hook: str) -> list[dict[str, Any]]:
        return [payload["changedTablesById"] for payload in self.payloads(hook)["payloads"]]


@pytest.fixture
def hooks(root: httpx.Client, airtable: AirtableServer) -> Hooks:
    return Hooks(root, airtable.base_id)


class Listener(ThreadingHTTPServer):
    """Receives pings; answers each with the next of `answers`, then 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[int] = []
        self.received: list[tuple[bytes, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        listener = self.server
        assert isinstance(listener, Listener)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        listener.received.append((body, self.headers["X-Airtable-Content-MAC"]))
        self.send_response(listener.answers.pop(0) if listener.answers else 204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_the_signature_is_the_one_the_service_makes() -> None:
    body = (
        b'{"base":{"id":"app00000000000000"},"webhook":{"id":"ach00000000000000"},'
        b'"timestamp":"2026-01-01T00:00:00.000Z"}'
    )
    assert signature("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", body) == (
        "hmac-sha256=f2adf97318d8e56041f5af5ac3c33193490a6f7bfac84e5adc4fc9b76dae5ed3"
    )


def test_the_secret_is_shown_once(hooks: Hooks) -> None:
    created = hooks.post("http://127.0.0.1:9/hook").json()
    assert set(created) == {"id", "macSecretBase64", "expirationTime"}
    listed = hooks.root.get(hooks.path).json()["webhooks"]
    assert [hook["id"] for hook in listed] == [created["id"]]
    assert created["macSecretBase64"] not in json.dumps(listed)
    assert listed[0]["notificationUrl"] == "http://127.0.0.1:9/hook"
    assert listed[0]["cursorForNextPayload"] == 1


def test_a_base_has_at_most_ten_webhooks(hooks: Hooks) -> None:
    made = [hooks.create() for _ in range(10)]
    refused = hooks.post()
    assert (refused.status_code, kind(refused)) == (422, "TOO_MANY_WEBHOOKS_IN_BASE")
    assert hooks.root.delete(f"{hooks.path}/{made[0]}").status_code == 200
    assert hooks.post().status_code == 200


@pytest.mark.parametrize(
    "filters",
    [
        {"dataTypes": []},
        {"dataTypes": ["nothing"]},
        {"fromSources": ["nothing"]},
        {"watchDataInFieldIds": ["fldUnknownUnknown"]},
        {"recordChangeScope": "tblUnknownUnknown"},
        {"unknownFilter": 1},
    ],
)
def test_a_bad_specification_is_refused(hooks: Hooks, filters: dict[str, Any]) -> None:
    assert hooks.post(**filters).status_code == 422
    assert hooks.post("ftp://example.test").status_code == 422


def test_created_changed_and_destroyed_records_are_reported(
    hooks: Hooks, airtable: AirtableServer
) -> None:
    hook = hooks.create()
    control = airtable.control
    user = control.create(USERS, {"Naam": "Ann"})
    control.edit(USERS, user, {"Naam": "Ben"})
    control.delete(USERS, user)
    made, changed, gone = (change[USERS] for change in hooks.changes(hook))
    assert made["createdRecordsById"][user]["cellValuesByFieldId"][USER_NAME] == "Ann"
    assert changed["changedRecordsById"][user]["current"]["cellValuesByFieldId"] == {
        USER_NAME: "Ben"
    }
    assert gone["destroyedRecordIds"] == [user]


def test_a_payload_tells_when_and_by_whom(
    hooks: Hooks, airtable: AirtableServer, http: httpx.Client
) -> None:
    hook = hooks.create()
    airtable.control.create(HABITS, {"Name": "Walk"})
    http.post(HABITS, json={"fields": {"Name": "Run"}})
    airtable.control.create(HABITS, {"Name": "Swim"}, source="automation")
    payloads = hooks.payloads(hook)["payloads"]
    sources = [payload["actionMetadata"]["source"] for payload in payloads]
    assert sources == ["client", "publicApi", "automation"]
    numbers = [payload["baseTransactionNumber"] for payload in payloads]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert {payload["payloadFormat"] for payload in payloads} == {"v0"}


def test_one_request_is_one_payload(hooks: Hooks, http: httpx.Client) -> None:
    hook = hooks.create()
    http.post(HABITS, json={"records": [{"fields": {"Name": str(i)}} for i in range(10)]})
    (change,) = hooks.changes(hook)
    assert len(change[HABITS]["createdRecordsById"]) == 10


def test_a_link_is_reported_on_both_sides(hooks: Hooks, airtable: AirtableServer) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    hook = hooks.create()
    tick = airtable.control.create(TICKS, {"Gebruikers": [user]})
    (change,) = hooks.changes(hook)
    assert set(change) == {USERS, TICKS}
    created = change[TICKS]["createdRecordsById"][tick]["cellValuesByFieldId"]
    assert created[TICK_USER] == [{"id": user, "name": "Ann"}]
    other = change[USERS]["changedRecordsById"][user]["current"]["cellValuesByFieldId"]
    assert list(other.values()) == [[{"id": tick, "name": ""}]]


def test_a_long_list_of_links_is_reported_by_its_newest_hundred(
    hooks: Hooks, airtable: AirtableServer
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    ticks = [airtable.control.create(TICKS, {"Gebruikers": [user]}) for _ in range(101)]
    hook = hooks.create(recordChangeScope=USERS)
    ticks.append(airtable.control.create(TICKS, {"Gebruikers": [user]}))
    (change,) = hooks.changes(hook)
    (links,) = change[USERS]["changedRecordsById"][user]["current"]["cellValuesByFieldId"].values()
    assert [link["id"] for link in links] == ticks[2:]


def test_a_write_that_changes_nothing_or_fails_is_not_reported(
    hooks: Hooks, airtable: AirtableServer, http: httpx.Client
) -> None:
    user = airtable.control.create(USERS, {"Naam": "Ann"})
    hook = hooks.create()
    airtable.control.edit(USERS, user, {"Naam": "Ann"})
    records = [{"fields": {"Name": "Walk"}}, {"fields": {"Name": 1}}]
    assert http.post(HABITS, json={"records": records}).status_code == 422
    assert hooks.payloads(hook)["payloads"] == []


def test_options_are_reported_as_objects(hooks: Hooks, airtable: AirtableServer) -> None:
    hook = hooks.create()
    airtable.control.create(USERS, {"Status": "Actief"})
    airtable.control.create("Methodes", {"Optimale frequentie": ["Dagelijks"]})
    users, methods = hooks.changes(hook)
    (user,) = users[USERS]["createdRecordsById"].values()
    assert user["cellValuesByFieldId"][USER_STATUS]["name"] == "Actief"
    (method,) = next(iter(methods.values()))["createdRecordsById"].values()
    names = [option["name"] for option in method["cellValuesByFieldId"]["fldX9SfbkhYUuRC3T"]]
    assert names == ["Dagelijks"]


def test_filters_leave_out_tables_fields_sources_and_kinds(
    hooks: Hooks, airtable: AirtableServer, http: httpx.Client
) -> None:
    table = hooks.create(recordChangeScope=USERS)
    fields = hooks.create(watchDataInFieldIds=[USER_NAME, TICK_DATE])
    people = hooks.create(fromSources=["client"])
    deletions = hooks.create(changeTypes=["remove"])
    control = airtable.control
    user = control.create(USERS, {"Naam": "Ann"})
    control.edit(USERS, user, {"Bonus Punten": 3})
    control.edit(USERS, user, {"Naam": "Ben"})
    http.post(HABITS, json={"fields": {"Name": "Walk"}})
    control.delete(USERS, user)
    assert [list(change) for change in hooks.changes(table)] == [[USERS]] * 4
    assert [list(change[USERS]) for change in hooks.changes(fields)] == [
        ["createdRecordsById"],
        ["changedRecordsById"],
        ["destroyedRecordIds"],
    ]
    assert len(hooks.changes(people)) == 4
    assert hooks.changes(deletions) == [{USERS: {"destroyedRecordIds": [user]}}]


def test_a_view_scope_reports_only_what_the_view_shows(
    hooks: Hooks, airtable: AirtableServer
) -> None:
    a, b = (airtable.control.create(HABITS, {"Name": x}) for x in "ab")
    airtable.control.hide(HABITS, "App", [b])
    schema = airtable.base.state.schema.by_key[HABITS].view("App")
    assert schema is not None
    hook = hooks.create(recordChangeScope=schema.id)
    airtable.control.edit(HABITS, a, {"Notes": "x"})
    airtable.control.edit(HABITS, b, {"Notes": "x"})
    assert [list(c[HABITS]["changedRecordsById"]) for c in hooks.changes(hook)] == [[a]]


def test_reordering_a_view_is_not_reported(hooks: Hooks, airtable: AirtableServer) -> None:
    a, b = (airtable.control.create(HABITS, {"Name": x}) for x in "ab")
    hook = hooks.create()
    airtable.control.reorder(HABITS, "App", [b, a])
    assert hooks.changes(hook) == []


def test_previous_and_unchanged_cells_come_when_asked_for(
    hooks: Hooks, airtable: AirtableServer
) -> None:
    habit = airtable.control.create(HABITS, {"Name": "Walk", "Notes": "Outside"})
    name, notes = (airtable.control.field_id(HABITS, x) for x in ("Name", "Notes"))
    wish = {"includePreviousCellValues": True, "includeCellValuesInFieldIds": "all"}
    hook = hooks.create(includes=wish)
    airtable.control.edit(HABITS, habit, {"Name": "Run"})
    (change,) = hooks.changes(hook)
    report = change[HABITS]["changedRecordsById"][habit]
    assert report["current"]["cellValuesByFieldId"] == {name: "Run"}
    assert report["previous"]["cellValuesByFieldId"] == {name: "Walk"}
    assert report["unchanged"]["cellValuesByFieldId"] == {notes: "Outside"}


def test_a_new_field_is_reported_to_those_who_watch_fields(
    hooks: Hooks, airtable: AirtableServer
) -> None:
    data, fields = hooks.create(), hooks.create(dataTypes=["tableFields"])
    field_id = airtable.control.add_field(PROGRAMS, "Extra")
    airtable.control.create(HABITS, {})
    assert hooks.changes(data)[0].keys() == {HABITS}
    assert hooks.changes(fields) == [
        {PROGRAMS: {"createdFieldsById": {field_id: {"name": "Extra", "type": "singleLineText"}}}}
    ]


def test_payloads_come_at_most_50_at_a_time_without_gaps(
    hooks: Hooks, airtable: AirtableServer
) -> None:
    hook = hooks.create()
    for i in range(120):
        airtable.control.create(HABITS, {"Name": str(i)})
    cursor, sizes = 1, []
    while True:
        page = hooks.payloads(hook, cursor=cursor)
        sizes.append(len(page["payloads"]))
        assert page["cursor"] == cursor + len(page["payloads"])
        cursor = page["cursor"]
        if not page["mightHaveMore"]:
            break
    assert (sizes, cursor) == ([50, 50, 20], 121)
    assert hooks.payloads(hook, cursor=121) == {
        "payloads": [],
        "cursor": 121,
        "mightHaveMore": False,
        "payloadFormat": "v0",
    }
    assert len(hooks.payloads(hook, cursor=100, limit=5)["payloads"]) == 5
    for query in ({"limit": 51}, {"limit": 0}, {"cursor": 0}, {"cursor": "x"}):
        answer = hooks.root.get(f"{hooks.path}/{hook}/payloads", params=query)
        assert answer.status_code == 422


def test_payloads_are_kept_for_seven_days(hooks: Hooks, airtable: AirtableServer) -> None:
    hook = hooks.create()
    airtable.control.create(HABITS, {"Name": "old"})
    airtable.control.advance(6 * DAY)
    hooks.root.post(f"{hooks.path}/{hook}/refresh")
    airtable.control.create(HABITS, {"Name": "new"})
    airtable.control.advance(2 * DAY)
    page = hooks.payloads(hook, cursor=1)
    assert (len(page["payloads"]), page["cursor"]) == (1, 3)


def test_lost_payloads_leave_a_gap(hooks: Hooks, airtable: AirtableServer) -> None:
    hook = hooks.create()
    airtable.control.create(HABITS, {})
    airtable.control.drop_payloads(hook)
    assert hooks.payloads(hook, cursor=1) == {
        "payloads": [],
        "cursor": 2,
        "mightHaveMore": False,
        "payloadFormat": "v0",
    }


@pytest.mark.parametrize("use", ["refresh", "payloads"])
def test_a_webhook_lives_seven_days_after_its_last_use(
    hooks: Hooks, airtable: AirtableServer, use: str
) -> None:
    hook = hooks.create()
    method = "POST" if use == "refresh" else "GET"
    airtable.control.advance(6 * DAY)
    assert hooks.root.request(method, f"{hooks.path}/{hook}/{use}").status_code == 200
    airtable.control.advance(6 * DAY)
    assert hooks.root.get(hooks.path).json()["webhooks"]
    airtable.control.advance(1.1 * DAY)
    assert hooks.root.get(hooks.path).json() == {"webhooks": []}
    assert hooks.root.request(method, f"{hooks.path}/{hook}/{use}").status_code == 404


def test_an_unknown_webhook_is_404(hooks: Hooks) -> None:
    path = f"{hooks.path}/achUnknownUnknown"
    assert hooks.root.delete(path).status_code == 404
    assert hooks.root.post(f"{path}/refresh").status_code == 404
    assert hooks.root.get(f"{path}/payloads").status_code == 404
    assert hooks.root.post(f"{path}/enableNotifications", json={"enable": True}).status_code == 404


def test_a_ping_carries_ids_only_and_a_signature(
    hooks: Hooks, airtable: AirtableServer, listener: Listener
) -> None:
    created = hooks.post(listener.url).json()
    airtable.control.create(HABITS, {"Name": "Walk"})
    airtable.control.wait_for(lambda: listener.received)
    body, mac = listener.received[0]
    assert json.loads(body).keys() == {"base", "webhook", "timestamp"}
    assert json.loads(body)["webhook"] == {"id": created["id"]}
    assert mac == signature(created["macSecretBase64"], body)
    airtable.control.wait_for(lambda: airtable.control.webhooks()[0]["last_result"])
    result = hooks.root.get(hooks.path).json()["webhooks"][0]["lastNotificationResult"]
    assert (result["success"], result["retryNumber"]) == (True, 0)


def test_a_refused_ping_is_repeated(
    hooks: Hooks, airtable: AirtableServer, listener: Listener
) -> None:
    listener.answers = [500]
    hooks.create(listener.url)
    airtable.control.create(HABITS, {"Name": "Walk"})
    airtable.control.wait_for(lambda: len(listener.received) == 2)


def test_nobody_is_pinged_about_what_the_filters_leave_out(
    hooks: Hooks, airtable: AirtableServer, listener: Listener
) -> None:
    hooks.create(listener.url, recordChangeScope=USERS)
    airtable.control.create(HABITS, {"Name": "Walk"})
    airtable.control.create(USERS, {"Naam": "Ann"})
    airtable.control.wait_for(lambda: listener.received)
    assert len(listener.received) == 1


def test_pings_can_be_turned_off_and_on(
    hooks: Hooks, airtable: AirtableServer, listener: Listener
) -> None:
    hook = hooks.create(listener.url)
    switch = f"{hooks.path}/{hook}/enableNotifications"
    assert hooks.root.post(switch, json={"enable": False}).text == ""
    airtable.control.create(HABITS, {"Name": "Walk"})
    assert hooks.root.get(hooks.path).json()["webhooks"][0]["areNotificationsEnabled"] is False
    hooks.root.post(switch, json={"enable": True})
    airtable.control.create(HABITS, {"Name": "Run"})
    airtable.control.wait_for(lambda: listener.received)
    assert len(hooks.payloads(hook)["payloads"]) == 2


def test_a_listener_that_is_away_holds_nothing_up(hooks: Hooks, airtable: AirtableServer) -> None:
    hooks.create("http://127.0.0.1:9/hook")
    airtable.control.create(HABITS, {"Name": "Walk"})
    airtable.control.wait_for(lambda: airtable.control.webhooks()[0]["last_result"])
    result = airtable.control.webhooks()[0]["last_result"]
    assert (result["success"], result["willBeRetried"]) == (False, True)


def test_a_watched_link_field_is_enough(hooks: Hooks, airtable: AirtableServer) -> None:
    habit = airtable.control.create(HABITS, {"Name": "Walk"})
    tick = airtable.control.create(TICKS, {})
    hook = hooks.create(watchDataInFieldIds=[TICK_HABIT])
    airtable.control.edit(TICKS, tick, {"Goede gewoontes": [habit]})
    assert [list(change) for change in hooks.changes(hook)] == [[TICKS]]
