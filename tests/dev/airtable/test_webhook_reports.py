"""What webhooks report, and what their filters leave out."""

import httpx

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.hooks import Hooks
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
)


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


def test_a_watched_link_field_is_enough(hooks: Hooks, airtable: AirtableServer) -> None:
    habit = airtable.control.create(HABITS, {"Name": "Walk"})
    tick = airtable.control.create(TICKS, {})
    hook = hooks.create(watchDataInFieldIds=[TICK_HABIT])
    airtable.control.edit(TICKS, tick, {"Goede gewoontes": [habit]})
    assert [list(change) for change in hooks.changes(hook)] == [[TICKS]]


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
