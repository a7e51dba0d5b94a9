"""The rate limit: five requests in any second, then half a minute of refusals."""

import httpx
import pytest

from tasks.dev.airtable.clock import OffsetClock
from tasks.dev.airtable.errors import AirtableError
from tasks.dev.airtable.limiter import Limits, RateLimiter
from tasks.dev.airtable.testing import AirtableServer
from tests.dev.airtable.names import HABITS


class StillClock(OffsetClock):
    """A clock that moves only when told."""

    def seconds(self) -> float:
        return 1_000_000 + self.offset


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def limiter(clock: StillClock) -> RateLimiter:
    return RateLimiter(clock, Limits())


def admitted(limiter: RateLimiter) -> bool:
    try:
        limiter.admit()
    except AirtableError as error:
        return error.status != 429
    return True


def test_five_requests_pass_and_the_sixth_closes_the_base_for_30_seconds(
    limiter: RateLimiter, clock: StillClock
) -> None:
    assert [admitted(limiter) for _ in range(6)] == [True] * 5 + [False]
    clock.offset += 29.9
    assert not admitted(limiter)
    clock.offset += 0.2
    assert admitted(limiter)


def test_refusals_do_not_lengthen_the_lock(limiter: RateLimiter, clock: StillClock) -> None:
    limiter.lock()
    for _ in range(60):
        clock.offset += 0.5
        last = admitted(limiter)
    assert last


def test_the_second_slides(limiter: RateLimiter, clock: StillClock) -> None:
    pace = []
    for _ in range(20):
        pace.append(admitted(limiter))
        clock.offset += 0.21
    assert all(pace)
    clock.offset += 2
    assert [admitted(limiter) for _ in range(5)] == [True] * 5
    clock.offset += 0.99
    assert not admitted(limiter)


def test_all_kinds_of_requests_count_together(airtable: AirtableServer, root: httpx.Client) -> None:
    airtable.control.limits(enabled=True, window_seconds=60)
    base = airtable.base_id
    paths = [f"/v0/{base}/{HABITS}", f"/v0/meta/bases/{base}/tables", f"/v0/bases/{base}/webhooks"]
    codes = [root.get(path).status_code for path in [*paths, *paths]]
    assert codes == [200] * 5 + [429]
    assert root.get(paths[0]).json() == {
        "errors": [
            {
                "error": "RATE_LIMIT_REACHED",
                "message": "Rate limit exceeded. Please try again later",
            }
        ]
    }


def test_a_refused_request_changes_nothing(airtable: AirtableServer, http: httpx.Client) -> None:
    airtable.control.lock()
    assert http.post(HABITS, json={"fields": {"Name": "Walk"}}).status_code == 429
    airtable.control.unlock()
    assert http.get(HABITS).json() == {"records": []}


def test_the_lock_can_be_shortened(airtable: AirtableServer, http: httpx.Client) -> None:
    figures = airtable.control.limits(enabled=True, requests=1, window_seconds=60, lock_seconds=5)
    assert (figures["requests"], figures["lockSeconds"]) == (1, 5)
    codes = [http.get(HABITS).status_code for _ in range(2)]
    airtable.control.advance(5.1)
    assert [*codes, http.get(HABITS).status_code] == [200, 429, 200]


def test_the_limit_can_be_turned_off(airtable: AirtableServer, http: httpx.Client) -> None:
    codes = {http.get(HABITS).status_code for _ in range(20)}
    assert codes == {200}
    assert airtable.control.busiest(60) == 20


def test_the_control_api_is_never_limited(airtable: AirtableServer) -> None:
    airtable.control.limits(enabled=True)
    airtable.control.lock()
    codes = {httpx.get(f"{airtable.url}/_control/tables").status_code for _ in range(10)}
    assert codes == {200}
