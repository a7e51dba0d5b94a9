"""Pings: what they carry, and who gets them."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.airtable.webhooks.pings import signature
from tests.dev.airtable.hooks import Hooks
from tests.dev.airtable.names import HABITS, USERS


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
