"""What planning may do to stored reminders."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from api._lib.notifications.model import Change, Plan, Reminder, Status, Stored
from api._lib.notifications.rules.planner import plan
from api._lib.notifications.rules.transitions import changes
from tests.notifications.cases import moment, session, somebody, stored

NOW = moment("2026-02-23T09:00")
TODAY = date(2026, 2, 23)
TONIGHT = moment("2026-02-23T17:00")
QUARTER = timedelta(minutes=15)
ENDED = (Status.PROCESSING, Status.SENT, Status.DEAD_LETTER)


def reminder(day: str = "2026-02-23", **preferences: Any) -> Reminder:
    return plan(somebody(**preferences), [session("X", day)], [], moment("2026-02-20T09:00"))[0]


def row(status: Status, like: Reminder | None = None, **facts: Any) -> Stored:
    return structs.replace(stored([like or reminder()], status)[0], **facts)


def outcome(wanted: Reminder | None, found: Stored, now: Any = NOW) -> Change | None:
    """What becomes of one stored reminder."""
    written = changes([wanted] if wanted else [], [found], TODAY, now)
    assert written.new == []
    return written.changes[0] if written.changes else None


def test_an_absent_reminder_is_made_waiting_or_skipped() -> None:
    quiet = reminder(quiet_hours_start=reminder().fire_at.time().replace(hour=18))
    for wanted, status in ((reminder(), Status.PENDING), (quiet, Status.SKIPPED)):
        written = changes([wanted], [], TODAY, NOW)
        assert [new.status for new in written.new] == [status]


@pytest.mark.parametrize(
    ("now", "made"), [(TONIGHT + QUARTER, True), (TONIGHT + QUARTER + timedelta(seconds=1), False)]
)
def test_F6_a_late_reminder_is_not_made(now: Any, made: bool) -> None:
    assert bool(changes([reminder()], [], TODAY, now).new) is made


def test_a_waiting_reminder_moves_with_the_preferences() -> None:
    moved = reminder(lead_minutes=30)
    assert outcome(moved, row(Status.PENDING)) == Change(1, Status.PENDING, moved)


def test_a_waiting_reminder_gets_a_new_text() -> None:
    french = reminder(language="fr")
    assert outcome(french, row(Status.PENDING)) == Change(1, Status.PENDING, french)


def test_F6_a_waiting_reminder_is_not_moved_into_the_past_but_cancelled() -> None:
    now = moment("2026-02-23T12:00")
    at_noon = reminder(lead_minutes=480)
    assert at_noon.fire_at == moment("2026-02-23T10:00")
    assert outcome(at_noon, row(Status.PENDING), now) == Change(1, Status.CANCELLED)


def test_F8_a_waiting_reminder_that_is_late_stays_for_the_sender() -> None:
    late = TONIGHT + timedelta(minutes=40)
    assert outcome(reminder(), row(Status.PENDING), late) is None
    recounted = structs.replace(reminder(), payload={"sessionCount": 2})
    assert outcome(recounted, row(Status.PENDING), late) == Change(1, Status.PENDING, recounted)


def test_a_waiting_reminder_is_skipped_when_it_has_become_quiet() -> None:
    quiet = reminder(quiet_hours_start=TONIGHT.time().replace(hour=17))
    assert quiet.status is Status.SKIPPED
    assert outcome(quiet, row(Status.PENDING)) == Change(1, Status.SKIPPED, quiet)


@pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED])
def test_an_open_reminder_nobody_wants_is_cancelled(status: Status) -> None:
    assert outcome(None, row(status)) == Change(1, Status.CANCELLED)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.SKIPPED])
def test_a_stopped_reminder_comes_back_while_there_is_time(status: Status) -> None:
    assert outcome(reminder(), row(status), TONIGHT + QUARTER) == Change(
        1, Status.PENDING, reminder()
    )


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.SKIPPED])
def test_F6_a_stopped_reminder_does_not_come_back_late(status: Status) -> None:
    now = TONIGHT + QUARTER + timedelta(seconds=1)
    assert outcome(reminder(), row(status), now) is None


def test_a_cancelled_reminder_is_not_turned_into_a_skipped_one() -> None:
    quiet = reminder(quiet_hours_start=TONIGHT.time().replace(hour=17))
    assert outcome(quiet, row(Status.CANCELLED)) is None


def test_a_skipped_reminder_follows_the_preferences() -> None:
    early, earlier = (reminder(lead_minutes=n, quiet_hours_start=TONIGHT.time()) for n in (0, 30))
    assert (early.status, earlier.status) == (Status.SKIPPED, Status.SKIPPED)
    assert outcome(earlier, row(Status.SKIPPED, early)) == Change(1, Status.SKIPPED, earlier)


@pytest.mark.parametrize("status", ENDED)
def test_F5_F7_what_is_on_its_way_or_ended_is_never_touched(status: Status) -> None:
    for wanted in (None, reminder(), reminder(lead_minutes=30), reminder(language="en")):
        for now in (NOW, TONIGHT, TONIGHT + timedelta(hours=5)):
            assert outcome(wanted, row(status), now) is None


@pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED])
def test_what_is_left_of_past_days_is_not_for_the_planner(status: Status) -> None:
    yesterday = row(status, day=TODAY - timedelta(days=1))
    assert changes([], [yesterday], TODAY, NOW) == Plan([], [])


def test_a_session_that_moved_to_another_day_takes_its_reminder_along() -> None:
    moved = reminder("2026-02-27")
    past = row(Status.CANCELLED, reminder("2026-02-20"))
    assert past.key == moved.key
    assert outcome(moved, past) == Change(1, Status.PENDING, moved)
