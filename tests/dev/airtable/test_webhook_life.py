"""The life of a webhook and of its payloads: made, read page by page, expired."""

import json
from typing import Any

import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.hooks import Hooks
from tests.dev.airtable.names import HABITS, kind

DAY = 86_400


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
