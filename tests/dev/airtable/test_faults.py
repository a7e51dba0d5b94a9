"""Bad weather on demand: refusals, lost answers, cut connections, delays."""

from typing import Any

import httpx
import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import HABITS, USERS, kind

HABIT = {"fields": {"Name": "Walk"}}


@pytest.mark.parametrize("status", [401, 403, 404, 413, 422, 429, 500, 502, 503])
def test_an_error_before_the_commit(
    airtable: AirtableServer, http: httpx.Client, status: int
) -> None:
    airtable.control.fault(status=status)
    assert http.post(HABITS, json=HABIT).status_code == status
    assert airtable.control.count(HABITS) == 0
    assert http.post(HABITS, json=HABIT).status_code == 200


def test_an_error_after_the_commit(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.fault(status=503, when="after")
    assert http.post(HABITS, json=HABIT).status_code == 503
    assert airtable.control.count(HABITS) == 1


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 1)])
def test_a_dropped_connection(
    airtable: AirtableServer, http: httpx.Client, when: str, count: int
) -> None:
    airtable.control.fault(drop=True, when=when)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(HABITS, json=HABIT)
    assert airtable.control.count(HABITS) == count
    assert airtable.control.requests()[-1]["status"] == 0
    assert http.get(HABITS).status_code == 200


def test_a_slow_answer_that_nobody_waits_for_still_takes_effect(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    airtable.control.fault(latency=1.5)
    with pytest.raises(httpx.ReadTimeout):
        http.post(HABITS, json=HABIT, timeout=0.05)
    assert airtable.control.count(HABITS) == 0
    airtable.control.wait_for(lambda: airtable.control.count(HABITS))


def test_every_answer_can_be_delayed(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.latency(0.2)
    assert http.get(HABITS).elapsed.total_seconds() >= 0.2


@pytest.mark.parametrize(
    ("rule", "spoiled"),
    [
        ({"method": "GET"}, False),
        ({"method": "POST"}, True),
        ({"table": USERS}, False),
        ({"table": HABITS}, True),
        ({"contains": "Run"}, False),
        ({"contains": "Walk"}, True),
        ({"contains": HABITS}, True),
    ],
)
def test_a_rule_spoils_only_what_it_matches(
    airtable: AirtableServer, http: httpx.Client, rule: dict[str, Any], spoiled: bool
) -> None:
    airtable.control.fault(status=500, **rule)
    assert (http.post(HABITS, json=HABIT).status_code == 500) == spoiled


def test_a_rule_skips_counts_and_goes(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.fault(status=500, skip=1, count=2)
    codes = [http.get(HABITS).status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]


def test_a_rule_without_end_lasts_until_it_is_cleared(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    airtable.control.fault(status=502, count=0)
    assert {http.get(HABITS).status_code for _ in range(5)} == {502}
    airtable.control.clear_faults()
    assert http.get(HABITS).status_code == 200


def test_rules_wait_in_a_queue(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.fault(status=500)
    airtable.control.fault(status=503)
    assert [http.get(HABITS).status_code for _ in range(3)] == [500, 503, 200]


def test_a_fault_names_its_own_type_and_waiting_time(
    airtable: AirtableServer, http: httpx.Client
) -> None:
    airtable.control.fault(status=403, kind="SOMETHING", message="No")
    assert kind(http.get(HABITS)) == "SOMETHING"
    airtable.control.fault(status=429, retry_after=60)
    assert http.get(HABITS).headers["Retry-After"] == "60"


def test_the_usual_types_are_kept(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.fault(status=404)
    assert http.get(HABITS).json() == {"error": "NOT_FOUND"}
    airtable.control.fault(status=403)
    assert kind(http.get(HABITS)) == "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
