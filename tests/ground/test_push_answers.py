"""What the answers of push services mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib import metrics
from api._lib.push import PushSender, PushSubscription
from api._lib.push_results import Outcome, PushResult, outcome_of, seconds_to_wait
from tasks.dev.push import PushStandIn
from tests.ground.pushing import HELLO, sender, service, subscribed

__all__ = ["sender", "service"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.OK),
        (202, Outcome.OK),
        (204, Outcome.OK),
        (400, Outcome.REJECTED),
        (401, Outcome.REJECTED),
        (403, Outcome.REJECTED),
        (404, Outcome.GONE),
        (408, Outcome.TRANSIENT),
        (410, Outcome.GONE),
        (413, Outcome.TOO_LARGE),
        (418, Outcome.REJECTED),
        (429, Outcome.THROTTLED),
        (500, Outcome.TRANSIENT),
        (502, Outcome.TRANSIENT),
        (503, Outcome.TRANSIENT),
    ],
)
async def test_every_status_has_an_outcome(
    service: PushStandIn, sender: PushSender, status: int, outcome: Outcome
) -> None:
    service.behave(status=status)
    result = await sender.send(subscribed(service), HELLO)
    assert result == PushResult(outcome, status)
    assert result.text == f"push service answered {status}"
    assert result.retryable is (status in (408, 429) or status >= 500)
    assert len(service.attempts) == 1


@given(st.integers(100, 599))
def test_only_answers_that_may_change_are_retryable(status: int) -> None:
    retryable = PushResult(outcome_of(status), status).retryable
    assert retryable is (status in (408, 429) or status >= 500)


async def test_a_subscription_that_ended_or_never_was_is_gone(
    service: PushStandIn, sender: PushSender
) -> None:
    ended = subscribed(service)
    service.unsubscribe(ended.endpoint)
    assert await sender.send(ended, HELLO) == PushResult(Outcome.GONE, 410)
    unknown = PushSubscription(f"{service.url}/push/unknown", ended.p256dh, ended.auth)
    assert await sender.send(unknown, HELLO) == PushResult(Outcome.GONE, 404)


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_passed_on(
    service: PushStandIn, sender: PushSender, status: int
) -> None:
    service.behave(status=status, retry_after="17")
    result = await sender.send(subscribed(service), HELLO)
    assert (result.retryable, result.retry_after) == (True, 17)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        ("120", 120),
        ("999999999", 86_400),
        ("-3", None),
        ("1.5", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:20:00 GMT", 200),
        ("Thu, 01 Jan 1970 00:20:00 -0000", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Feb 2026 00:00:00 GMT", None),
        ("9" * 400, 86_400),
    ],
)
def test_retry_after_in_all_its_forms(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, now=1000) == seconds


@given(st.text(max_size=40), st.floats(0, 4e9))
def test_retry_after_never_breaks_and_never_waits_longer_than_a_day(
    header: str, now: float
) -> None:
    wait = seconds_to_wait(header, now)
    assert wait is None or 0 <= wait <= 86_400


async def test_results_are_counted(service: PushStandIn, sender: PushSender) -> None:
    def count() -> float:
        return metrics.REGISTRY.get_sample_value("pushes_total", {"outcome": "gone"}) or 0

    before = count()
    service.behave(status=410)
    await sender.send(subscribed(service), HELLO)
    assert count() == before + 1
