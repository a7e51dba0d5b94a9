"""Whether a due reminder is still sent, and what becomes of it."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.notifications.model import Device, Kind, Preferences, ReminderMode, Status
from api._lib.notifications.rules.sending import (
    Due,
    Ending,
    Retries,
    broken,
    ending,
    payload_at,
    verdict,
)
from api._lib.push_results import Outcome, PushResult
from tests.notifications.cases import moment

NOW = moment("2026-02-23T17:00")
ENDS = moment("2026-02-23T23:00")
FAR = date(2026, 12, 31)
ONE, TWO = Device(1, "https://one", "p", "a"), Device(2, "https://two", "p", "a")
RETRIES = Retries(6, 5)

OK = PushResult(Outcome.OK, 201)
GONE = PushResult(Outcome.GONE, 410)
REFUSED = PushResult(Outcome.REJECTED, 403)
ERROR = PushResult(Outcome.TRANSIENT, 503)
NETWORK = PushResult(Outcome.TRANSIENT)
LARGE = PushResult(Outcome.TOO_LARGE, 413)
BAD_KEYS = PushResult(Outcome.BAD_KEYS)


def due(kind: Kind = Kind.SESSION, wish: Preferences | None = None, **facts: Any) -> Due:
    known: dict[str, Any] = {
        "program_ends": [FAR],
        "goal_weekdays": ["Maandag"],
        "devices": [ONE, TWO],
        "attempts": 1,
        "payload": {"title": "t", "body": "b"},
    }
    return Due(
        id=7,
        user_id="recUSER0000000001",
        key="key",
        kind=kind,
        day=date(2026, 2, 23),
        fire_at=NOW,
        expires_at=ENDS,
        is_active=facts.pop("is_active", True),
        preferences=wish or Preferences(),
        zone=ZoneInfo("Europe/Brussels"),
        language="nl",
        **known | facts,
    )


def test_a_wanted_reminder_goes_to_all_devices() -> None:
    for kind in Kind:
        assert verdict(due(kind), NOW) == [ONE, TWO]


@pytest.mark.parametrize(
    "stopped",
    [
        due(is_active=False),
        due(wish=Preferences(enabled=False)),
        due(wish=Preferences(reminder_mode=ReminderMode.DAILY_SUMMARY)),
        due(Kind.DAILY_SUMMARY, Preferences(reminder_mode=ReminderMode.SESSION)),
        due(program_ends=[]),
        due(program_ends=[date(2026, 2, 22)]),
        due(Kind.DAILY_SUMMARY, program_ends=[]),
        due(Kind.PERSONAL_GOAL, goal_weekdays=[]),
        due(Kind.PERSONAL_GOAL, goal_weekdays=["Dinsdag"]),
        due(Kind.PERSONAL_GOAL, goal_done_on=[date(2026, 2, 23)]),
    ],
)
def test_F7_F18_F19_what_is_not_wanted_any_more_is_cancelled(stopped: Due) -> None:
    assert verdict(stopped, NOW) == Ending(7, Status.CANCELLED, "no longer wanted")


@pytest.mark.parametrize("mode", ReminderMode)
def test_goals_are_sent_whatever_the_mode(mode: ReminderMode) -> None:
    assert verdict(due(Kind.PERSONAL_GOAL, Preferences(reminder_mode=mode)), NOW) == [ONE, TWO]


def test_F8_what_is_too_old_expires() -> None:
    no_quiet = Preferences(quiet_hours_start=time(0), quiet_hours_end=time(0))
    assert verdict(due(wish=no_quiet), ENDS) == [ONE, TWO]
    late = verdict(due(wish=no_quiet), ENDS + timedelta(seconds=1))
    assert late == Ending(7, Status.CANCELLED, "expired")


@pytest.mark.parametrize(
    ("at", "status"), [("17:40", None), ("20:59", None), ("21:00", Status.SKIPPED)]
)
def test_F8_quiet_hours_count_at_the_moment_of_sending(at: str, status: Status | None) -> None:
    found = verdict(due(), moment(f"2026-02-23T{at}"))
    assert found == ([ONE, TWO] if status is None else Ending(7, status))


def test_without_a_device_it_is_cancelled_and_no_dead_letter() -> None:
    found = verdict(due(devices=[]), NOW)
    assert found == Ending(7, Status.CANCELLED, "no active subscription")


def test_F16_a_retry_goes_only_to_those_that_did_not_get_it() -> None:
    assert verdict(due(reached={1}), NOW) == [TWO]
    assert verdict(due(reached={1, 2}), NOW) == Ending(7, Status.SENT)


@pytest.mark.parametrize(
    "stopped",
    [
        due(reached={1}, devices=[]),
        due(reached={1}, is_active=False),
        due(reached={1}, program_ends=[]),
    ],
)
def test_what_reached_somebody_ends_as_sent(stopped: Due) -> None:
    assert verdict(stopped, NOW) == Ending(7, Status.SENT)
    assert verdict(due(reached={1}), ENDS + timedelta(days=1)) == Ending(7, Status.SENT)


def results(*of: PushResult | None) -> list[tuple[int, PushResult | None]]:
    return list(enumerate(of, start=1))


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([OK], Status.SENT),
        ([OK, GONE], Status.SENT),
        ([OK, REFUSED], Status.SENT),
        ([OK, ERROR], Status.PENDING),
        ([GONE, ERROR], Status.PENDING),
        ([NETWORK], Status.PENDING),
        ([GONE], Status.DEAD_LETTER),
        ([REFUSED], Status.DEAD_LETTER),
        ([LARGE], Status.DEAD_LETTER),
        ([BAD_KEYS], Status.DEAD_LETTER),
        ([REFUSED, GONE], Status.DEAD_LETTER),
    ],
)
def test_endings_after_an_attempt(answers: list[PushResult], status: Status) -> None:
    assert ending(due(), results(*answers), RETRIES, NOW).status is status


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 20), (3, 45), (4, 80), (5, 125), (6, None)]
)
def test_waits_grow_and_the_sixth_failure_is_final(attempts: int, seconds: int | None) -> None:
    found = ending(due(attempts=attempts), results(NETWORK), RETRIES, NOW)
    if seconds is None:
        assert found == Ending(7, Status.DEAD_LETTER, "-:network error")
    else:
        assert found.next_attempt_at == NOW + timedelta(seconds=seconds)


def test_attempts_used_up_after_one_device_took_it_is_sent() -> None:
    assert ending(due(attempts=6, reached={1}), results(NETWORK), RETRIES, NOW) == Ending(
        7, Status.SENT
    )


@given(st.integers(1, 5), st.floats(0.8, 1.2), st.floats(0, 86_400))
def test_the_wait_respects_what_the_service_asks_for_and_the_end(
    attempts: int, jitter: float, asked: float
) -> None:
    answer = PushResult(Outcome.THROTTLED, 429, asked)
    found = ending(due(attempts=attempts), results(answer, NETWORK), Retries(6, 5, jitter), NOW)
    assert found.next_attempt_at is not None
    assert found.next_attempt_at <= ENDS
    earliest = min(NOW + timedelta(seconds=max(asked, 5 * attempts**2 * jitter)), ENDS)
    assert abs(found.next_attempt_at - earliest) < timedelta(milliseconds=1)


def test_what_had_no_turn_goes_back_and_does_not_count() -> None:
    assert ending(due(), results(None, None), RETRIES, NOW) == Ending(
        7, Status.PENDING, None, NOW, uncounted=True
    )
    assert ending(due(), results(OK, None), RETRIES, NOW) == Ending(7, Status.PENDING, None, NOW)


def test_the_error_joins_all_devices_and_stays_short() -> None:
    found = ending(due(), results(GONE, NETWORK, REFUSED), RETRIES, NOW)
    assert found.error == (
        "410:push service answered 410; -:network error; 403:push service answered 403"
    )
    many = ending(due(), results(*[REFUSED] * 100), RETRIES, NOW)
    assert len(many.error or "") == 1000


def test_what_cannot_be_handled_is_tried_again_and_then_given_up() -> None:
    assert broken(7, 2, RETRIES, NOW).next_attempt_at == NOW + timedelta(seconds=20)
    assert broken(7, 6, RETRIES, NOW).status is Status.DEAD_LETTER


@pytest.mark.parametrize(
    ("now", "body"),
    [
        (NOW, "Je hebt vandaag 2 geplande activiteiten."),
        (NOW - timedelta(days=1), "Je hebt morgen 2 geplande activiteiten."),
    ],
)
def test_the_text_is_true_at_the_moment_of_sending(now: datetime, body: str) -> None:
    summary = due(Kind.DAILY_SUMMARY, program_ends=[FAR, FAR], payload={"sessionCount": 5})
    payload = payload_at(summary, now)
    assert (payload["body"], payload["sessionCount"]) == (body, 2)
