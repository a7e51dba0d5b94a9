"""What answers mean for a device."""

from api._lib.notifications.rules.devices import DeviceNews, news
from api._lib.push_results import Outcome, PushResult


def answer(outcome: Outcome, status: int | None = None) -> PushResult:
    return PushResult(outcome, status)


def test_news_of_a_device_come_once_and_in_order() -> None:
    found = news(
        [
            (2, answer(Outcome.OK, 201)),
            (1, answer(Outcome.GONE, 410)),
            (2, answer(Outcome.OK, 201)),
        ]
    )
    assert found == [
        DeviceNews(1, gone=True, error="push service answered 410"),
        DeviceNews(2, worked=True),
    ]


def test_F17_undecodable_keys_end_a_subscription() -> None:
    assert news([(1, answer(Outcome.BAD_KEYS))]) == [DeviceNews(1, gone=True, error="bad keys")]


def test_F17_refusals_are_counted() -> None:
    refused = [(1, answer(Outcome.REJECTED, 403)), (1, answer(Outcome.FORBIDDEN))]
    assert news(refused) == [DeviceNews(1, refusals=2, error="forbidden")]


def test_passing_failures_are_noted_and_not_counted() -> None:
    assert news([(1, answer(Outcome.TRANSIENT))]) == [DeviceNews(1, error="network error")]
    assert news([(1, answer(Outcome.THROTTLED, 429))]) == [
        DeviceNews(1, error="push service answered 429")
    ]


def test_too_large_a_message_says_nothing_about_the_device() -> None:
    assert news([(1, answer(Outcome.TOO_LARGE, 413))]) == []
