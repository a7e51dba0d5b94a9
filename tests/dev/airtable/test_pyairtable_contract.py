"""pyairtable's own client, used as its documentation shows, works against the stand-in."""

from datetime import UTC, date, datetime, timedelta

import pytest
import requests
from pyairtable import Api, Base, Table, retry_strategy
from pyairtable.formulas import (
    AND,
    DATETIME_PARSE,
    EQ,
    IS_AFTER,
    IS_SAME,
    LAST_MODIFIED_TIME,
    LOWER,
    NOT,
    OR,
    RECORD_ID,
    TRIM,
    Field,
    match,
)
from pyairtable.models import WebhookNotification
from pyairtable.models.schema import MultipleRecordLinksFieldSchema, SingleLineTextFieldSchema
from pyairtable.orm import Model
from pyairtable.orm import fields as orm

from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.airtable.webhooks.pings import signature
from tests.dev.airtable.names import GOAL_NAME, HABITS, NOWHERE, PERSONAL_GOALS, TICKS, USERS


@pytest.fixture
def api(airtable: AirtableServer) -> Api:
    return Api(airtable.token, endpoint_url=airtable.url, retry_strategy=None, timeout=(5, 30))


@pytest.fixture
def base(api: Api, airtable: AirtableServer) -> Base:
    return api.base(airtable.base_id)


@pytest.fixture
def goals(base: Base) -> Table:
    return base.table("Persoonlijke doelen")


def test_who_am_i_and_which_bases(api: Api, airtable: AirtableServer) -> None:
    assert "data.records:write" in api.whoami()["scopes"]
    (found,) = api.bases()
    assert (found.id, found.permission_level) == (airtable.base_id, "create")
    assert api.base(airtable.base_id, validate=True).id == airtable.base_id


def test_a_wrong_token_is_refused(airtable: AirtableServer) -> None:
    stranger = Api("patWrong", endpoint_url=airtable.url, retry_strategy=None)
    with pytest.raises(requests.HTTPError, match="AUTHENTICATION_REQUIRED"):
        stranger.table(airtable.base_id, USERS).all()


def test_create_get_update_and_delete(goals: Table) -> None:
    record = goals.create({"Naam": "Run", "Status": "Actief"})
    assert goals.get(record["id"])["fields"]["Naam"] == "Run"
    updated = goals.update(record["id"], {"Naam": "Walk"})
    assert updated["fields"]["Status"] == "Actief"
    replaced = goals.update(record["id"], {"Naam": "Swim"}, replace=True)
    assert "Status" not in replaced["fields"]
    assert goals.delete(record["id"]) == {"id": record["id"], "deleted": True}
    with pytest.raises(requests.HTTPError, match="NOT_FOUND"):
        goals.get(record["id"])


def test_field_ids_on_every_call(airtable: AirtableServer) -> None:
    api = Api(airtable.token, endpoint_url=airtable.url, use_field_ids=True)
    table = api.table(airtable.base_id, PERSONAL_GOALS)
    record = table.create({GOAL_NAME: "Run"})
    shown = [
        record,
        table.get(record["id"]),
        table.first(),
        table.update(record["id"], {GOAL_NAME: "Run"}),
        *table.batch_update([{"id": record["id"], "fields": {GOAL_NAME: "Run"}}]),
        *table.batch_upsert([{"fields": {GOAL_NAME: "Run"}}], [GOAL_NAME])["records"],
    ]
    assert all(one is not None and one["fields"][GOAL_NAME] == "Run" for one in shown)


def test_batches_of_any_size(goals: Table) -> None:
    created = goals.batch_create([{"Naam": f"Goal {i:02d}"} for i in range(25)])
    assert len({record["id"] for record in created}) == 25
    changes = [{"id": r["id"], "fields": {"Status": "Voltooid"}} for r in created]
    updated = goals.batch_update(changes)  # type: ignore[arg-type]  # the documented form
    assert {record["fields"]["Status"] for record in updated} == {"Voltooid"}
    deleted = goals.batch_delete([record["id"] for record in created])
    assert all(one["deleted"] for one in deleted)
    assert goals.all() == []


def test_batch_upsert(goals: Table) -> None:
    first = goals.batch_upsert([{"fields": {"App ID": str(i), "Naam": "a"}} for i in range(12)],
                               key_fields=["App ID"])  # fmt: skip
    second = goals.batch_upsert([{"fields": {"App ID": str(i), "Naam": "b"}} for i in range(15)],
                                key_fields=["App ID"])  # fmt: skip
    assert (len(first["createdRecords"]), len(first["updatedRecords"])) == (12, 0)
    assert (len(second["createdRecords"]), len(second["updatedRecords"])) == (3, 12)
    assert {record["fields"]["Naam"] for record in goals.all()} == {"b"}


def test_typecast(goals: Table, airtable: AirtableServer) -> None:
    with pytest.raises(requests.HTTPError, match="INVALID_MULTIPLE_CHOICE_OPTIONS"):
        goals.create({"Status": "Nieuw"})
    assert goals.create({"Status": "Nieuw"}, typecast=True)["fields"]["Status"] == "Nieuw"
    goals.create({"Gebruikers": ["Ann"]}, typecast=True)
    assert airtable.control.records(USERS)[0]["fields"]["Naam"] == "Ann"


def test_iterate_first_and_all(goals: Table) -> None:
    goals.batch_create([{"Naam": f"Goal {i:03d}", "Status": "Actief"} for i in range(110)])
    sizes = [len(page) for page in goals.iterate(page_size=50)]
    assert sizes == [50, 50, 10]
    first = goals.first(sort=["-Naam"], fields=["Naam"])
    assert first is not None
    assert first["fields"] == {"Naam": "Goal 109"}
    assert len(goals.all(max_records=7)) == 7
    assert goals.all(view="Grid view", max_records=1)[0]["fields"]["Naam"] == "Goal 000"


def test_formulas(base: Base, airtable: AirtableServer) -> None:
    users = base.table("Gebruikers")
    ann = users.create({"Naam": "Ann O'Neil", "E-mailadres": " Ann@Example.test"})["id"]
    users.create({"Naam": 'Ben "B" \\ x', "Laatste login": "2026-01-05", "Bonus Punten": 4})
    mail = EQ(LOWER(TRIM(Field("E-mailadres"))), "ann@example.test")
    day = IS_SAME(Field("Laatste login"), date(2026, 1, 5), "day")
    recent = IS_AFTER(LAST_MODIFIED_TIME(), datetime.now(UTC) - timedelta(minutes=1))
    assert [r["id"] for r in users.all(formula=mail)] == [ann]
    assert [r["id"] for r in users.all(formula=match({"Naam": "Ann O'Neil"}))] == [ann]
    assert len(users.all(formula=match({"Naam": 'Ben "B" \\ x'}))) == 1
    assert len(users.all(formula=AND(day, match({"Bonus Punten": (">", 3)})))) == 1
    assert len(users.all(formula=NOT(EQ(RECORD_ID(), ann)))) == 1
    assert len(users.all(formula=recent)) == 2
    assert users.all(formula=EQ(DATETIME_PARSE("2026-01-05"), Field("Laatste login")))
    airtable.control.advance(120)
    assert users.all(formula=IS_AFTER(LAST_MODIFIED_TIME(), datetime.now(UTC) + timedelta(1))) == []


def test_a_long_formula_travels_by_post(base: Base, airtable: AirtableServer) -> None:
    habits = base.table(HABITS)
    created = habits.batch_create([{"Name": str(i)} for i in range(30)])
    unknown = [EQ(RECORD_ID(), f"rec{i:014d}") for i in range(500)]
    wanted = [EQ(RECORD_ID(), record["id"]) for record in created[:20]]
    airtable.control.clear_requests()
    assert len(habits.all(formula=OR(*unknown, *wanted))) == 20
    assert [r["method"] for r in airtable.control.requests()] == ["POST"]


def test_schema(base: Base) -> None:
    schema = base.schema()
    users = schema.table("Gebruikers")
    assert users.id == USERS
    assert users.primary_field_id == users.field("Naam").id
    kinds = {field.type for table in schema.tables for field in table.fields}
    assert {"formula", "count", "multipleRecordLinks", "multipleSelects", "richText"} <= kinds
    link = schema.table("Goede gewoontes gebruik").field("Gebruikers")
    assert isinstance(link, MultipleRecordLinksFieldSchema)
    assert link.options.linked_table_id == USERS
    assert {view.name for view in schema.table("Methodes").views} == {"Grid view", "App"}
    assert base.tables()[0].name == "Gebruikers"


def test_create_field(base: Base, airtable: AirtableServer) -> None:
    airtable.control.drop_field(TICKS, "App ID")
    table = base.table("Goede gewoontes gebruik", validate=True)
    field = table.create_field("App ID", "singleLineText")
    assert isinstance(field, SingleLineTextFieldSchema)
    assert table.batch_upsert([{"fields": {field.id: "a"}}], [field.id])["createdRecords"]


def test_webhooks(base: Base, airtable: AirtableServer) -> None:
    wish = {"options": {"filters": {"dataTypes": ["tableData"], "fromSources": ["client"]}}}
    created = base.add_webhook("http://127.0.0.1:9/hook", wish)
    hook = base.webhook(created.id)
    assert (hook.cursor_for_next_payload, hook.is_hook_enabled) == (1, True)
    ids = [airtable.control.create(HABITS, {"Name": str(i)}) for i in range(60)]
    payloads = list(hook.payloads())
    assert [payload.cursor for payload in payloads] == list(range(1, 61))
    assert payloads[0].action_metadata is not None
    assert payloads[0].action_metadata.source == "client"
    assert list(payloads[0].changed_tables_by_id[HABITS].created_records_by_id) == ids[:1]
    assert len(list(hook.payloads(cursor=55))) == 6
    hook.disable_notifications()
    hook.enable_notifications()
    hook.extend_expiration()
    hook.delete()
    assert base.webhooks() == []


def test_a_ping_passes_the_check_of_the_library(airtable: AirtableServer) -> None:
    secret = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    body = (
        f'{{"base":{{"id":"{airtable.base_id}"}},"webhook":{{"id":"ach00000000000000"}},'
        '"timestamp":"2026-01-01T00:00:00.000Z"}'
    )
    ping = WebhookNotification.from_request(body, signature(secret, body.encode()), secret)
    assert ping.base.id == airtable.base_id


def test_the_library_waits_for_the_rate_limit(airtable: AirtableServer) -> None:
    airtable.control.limits(enabled=True, window_seconds=60, lock_seconds=0.2)
    patient = Api(
        airtable.token,
        endpoint_url=airtable.url,
        retry_strategy=retry_strategy(total=5, backoff_factor=0.2),
    )
    table = patient.table(airtable.base_id, HABITS)
    assert [table.all() for _ in range(7)] == [[]] * 7
    assert 429 in {request["status"] for request in airtable.control.requests()}


def test_models(airtable: AirtableServer) -> None:
    class Goal(Model):
        name = orm.TextField("Naam")
        status = orm.SelectField("Status")

        class Meta:
            api_key = airtable.token
            base_id = airtable.base_id
            table_name = "Persoonlijke doelen"

    Goal.meta.api.endpoint_url = type(Goal.meta.api.endpoint_url)(airtable.url)
    goal = Goal(name="Run", status="Actief")
    assert goal.save().created
    goal.status = "Voltooid"
    assert goal.save().updated
    assert [found.status for found in Goal.all()] == ["Voltooid"]
    assert goal.delete()


def test_an_unknown_record_in_a_batch_fails_the_whole(goals: Table) -> None:
    record = goals.create({"Naam": "Run"})["id"]
    with pytest.raises(requests.HTTPError):
        goals.batch_delete([record, NOWHERE])
    assert goals.get(record)
