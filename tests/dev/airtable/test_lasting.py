"""The base survives a restart, starts with content and runs as a program of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import HABITS, METHODS, PROGRAMS, TICKS, USERS

ROOT = Path(__file__).parents[3]


def test_records_schema_views_and_webhooks_survive_a_restart(tmp_path: Path) -> None:
    data = str(tmp_path / "base.db")
    with AirtableServer(data=data) as server:
        control = server.control
        user = control.create(USERS, {"Naam": "Ann"})
        tick = control.create(TICKS, {"Gebruikers": [user], "App ID": "a"})
        gone = control.create(TICKS, {})
        control.delete(TICKS, gone)
        first, second = (control.create(HABITS, {"Name": x}) for x in "ab")
        control.reorder(HABITS, "App", [second, first])
        control.create(PROGRAMS, {"Duur van programma": "5 weken"})
        control.drop_field(HABITS, "Notes")
        headers = {"Authorization": f"Bearer {server.token}"}
        hook = {"specification": {"options": {"filters": {"dataTypes": ["tableData"]}}}}
        hooks = f"/v0/bases/{server.base_id}/webhooks"
        made = httpx.post(server.url + hooks, json=hook, headers=headers).json()["id"]
        control.edit(USERS, user, {"Naam": "Ben"})
    with AirtableServer(data=data) as server:
        control = server.control
        assert control.record(USERS, user)["fields"]["Goede gewoontes gebruik"] == [tick]
        assert control.record(USERS, user)["fields"]["Naam"] == "Ben"
        assert control.count(TICKS) == 1
        assert control.view_order(HABITS, "App") == [second, first]
        control.create(PROGRAMS, {})
        numbers = [row["fields"]["ID"] for row in control.records(PROGRAMS)]
        assert numbers == [1, 2]
        with pytest.raises(KeyError):
            control.field_id(HABITS, "Notes")
        page = httpx.get(f"{server.url}{hooks}/{made}/payloads", headers=headers).json()
        assert list(page["payloads"][0]["changedTablesById"]) == [USERS]
        assert page["cursor"] == 3
        httpx.delete(f"{server.url}{hooks}/{made}", headers=headers)
    with AirtableServer(data=data) as server:
        assert server.control.webhooks() == []
        server.control.reset()
    with AirtableServer(data=data) as server:
        assert server.control.count(USERS) == 0


def test_content_is_loaded_with_links_in_any_order_and_views(airtable: AirtableServer) -> None:
    methods: list[object] = [
        {"id": "recMETHOD00000001", "createdTime": "2026-01-05T08:00:00.000Z",
         "fields": {"Methode Naam": "Scan", "Media": ["recMEDIA000000001", "b.wav"],
                    "Foto": [{"filename": "scan.svg", "type": "image/svg+xml"}]}},
        {"id": "recMETHOD00000002", "fields": {"Methode Naam": "Draft"}},
    ]  # fmt: skip
    media: list[object] = [
        {"id": "recMEDIA000000001", "fields": {"Bestandsnaam": "a.wav"}},
        {"fields": {"Bestandsnaam": "b.wav"}},
    ]
    records = {"Methodes": methods, "Media": media}
    airtable.control.load(records, {"Methodes": ["recMETHOD00000001"]})
    scan = airtable.control.record(METHODS, "recMETHOD00000001")
    assert scan["createdTime"] == "2026-01-05T08:00:00.000Z"
    assert len(scan["fields"]["Media"]) == 2
    assert httpx.get(scan["fields"]["Foto"][0]["url"]).status_code == 200
    assert airtable.control.view_order(METHODS, "App") == ["recMETHOD00000001"]


@contextmanager
def program(*arguments: str) -> Iterator[str]:
    """Run the stand-in as its own process and give its address."""
    command = [sys.executable, "-m", "tasks.dev.airtable", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        try:
            yield url
        finally:
            os.kill(process.pid, signal.SIGTERM)


def test_the_program_serves_content_once_and_keeps_it(tmp_path: Path) -> None:
    content = tmp_path / "content.json"
    rows = [{"fields": {"Name": "Walk"}}]
    content.write_text(json.dumps({"records": {"Goede gewoontes": rows}}))
    arguments = ("--data", str(tmp_path / "new" / "base.db"), "--content", str(content),
                 "--token", "patOther", "--base-id", "appOtherOtherOthr",
                 "--without-app-id", "Gebruikers", "--lock-seconds", "1",
                 "--requests-per-second", "2")  # fmt: skip
    headers = {"Authorization": "Bearer patOther"}
    for _ in range(2):
        with program(*arguments) as url:
            answer = httpx.get(f"{url}/v0/appOtherOtherOthr/{HABITS}", headers=headers)
            assert [r["fields"] for r in answer.json()["records"]] == [{"Name": "Walk"}]


def test_the_program_takes_its_limits_from_the_command_line() -> None:
    arguments = (
        "--requests-per-second",
        "1",
        "--rate-window",
        "60",
        "--latency-ms",
        "50",
        "--scopes",
        "data.records:read",
    )
    with program(*arguments) as url:
        headers = {"Authorization": "Bearer patStandIn.local"}
        address = f"{url}/v0/appStandIn0000000/{HABITS}"
        first, second = (httpx.get(address, headers=headers) for _ in range(2))
        assert [first.status_code, second.status_code] == [200, 429]
        assert first.elapsed.total_seconds() >= 0.05
        scopes = httpx.get(f"{url}/v0/meta/whoami", headers=headers).json()["scopes"]
        assert scopes == ["data.records:read"]


def test_the_program_refuses_a_base_id_no_request_could_name() -> None:
    command = [sys.executable, "-m", "tasks.dev.airtable", "--base-id", "appShort"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "14 letters or digits" in ended.stderr


def test_the_demo_content_fills_the_base(airtable: AirtableServer) -> None:
    from tasks.dev.airtable.content import load_content, read_content

    load_content(airtable.base, read_content("tasks.dev.demo"))
    assert airtable.control.count(USERS) == 20
    assert airtable.control.count(METHODS) == 60
