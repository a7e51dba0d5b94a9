"""The worked plans, and what else a plan holds."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid5

import pytest
from msgspec import structs

from api._lib.notifications.model import Kind, Plan, PlannedSession, ReminderMode, Status
from api._lib.notifications.rules.planner import WEEK, plan
from api._lib.notifications.rules.transitions import changes
from tests.notifications.cases import (
    SPACE,
    USER,
    brief,
    goal,
    moment,
    session,
    somebody,
    stored,
)

NOW = moment("2026-02-23T09:00")
TODAY = date(2026, 2, 23)
A = session("A", "2026-02-22")
B = session("B", "2026-02-23", planned=2)
C = session("C", "2026-02-25")
D = session("D", "2026-02-26", planned=3, done=3)
E = session("E", "2026-02-27", planned=0)
SESSIONS = [A, B, C, D, E]
B_DONE = [A, session("B", "2026-02-23", planned=2, done=2), C, D, E]
PLAN_1 = [
    ("daily_summary", "2026-02-23", "02-23T17:00"),
    ("daily_summary", "2026-02-25", "02-25T17:00"),
    ("session", "2026-02-23", "02-23T17:00"),
    ("session", "2026-02-25", "02-25T17:00"),
]

# Five Mondays: in summer time, and around each change of the clocks.
MONDAYS = [
    *("2026-02-23", "2026-03-23", "2026-03-30", "2026-06-01", "2026-10-19", "2026-10-26"),
    *("2027-03-22", "2027-03-29", "2027-10-25", "2027-11-01"),
]


def test_plan_1_two_messages_for_every_training_day() -> None:
    reminders = plan(somebody(), SESSIONS, [], NOW)
    assert brief(reminders) == PLAN_1
    assert {r.status for r in reminders} == {Status.PENDING}
    assert [r.payload["sessionCount"] for r in reminders if r.kind is Kind.DAILY_SUMMARY] == [1, 1]
    written = changes(reminders, [], TODAY, NOW)
    assert (written.new, written.changes) == (reminders, [])


def test_plan_2_a_completed_session_loses_its_reminders() -> None:
    before = plan(somebody(), SESSIONS, [], NOW)
    rows = stored(before)
    written = changes(plan(somebody(), B_DONE, [], NOW), rows, TODAY, NOW)
    cancelled = {change.id for change in written.changes if change.status is Status.CANCELLED}
    assert cancelled == {row.id for row in rows if row.day == TODAY}
    assert len(written.changes) == 2
    assert written.new == []


def test_plan_3_goals_are_reminded_beside_sessions() -> None:
    who = somebody(reminder_mode=ReminderMode.SESSION)
    reminders = plan(who, SESSIONS, [goal("G", ["Maandag", "Donderdag"])], NOW)
    assert brief(reminders) == [
        ("personal_goal", "2026-02-23", "02-23T17:00"),
        ("personal_goal", "2026-02-26", "02-26T17:00"),
        ("personal_goal", "2026-03-02", "03-02T17:00"),
        ("personal_goal", "2026-03-05", "03-05T17:00"),
        ("session", "2026-02-23", "02-23T17:00"),
        ("session", "2026-02-25", "02-25T17:00"),
    ]


def test_plan_4_F6_changing_the_lead_sends_nothing_again() -> None:
    rows = stored(plan(somebody(), SESSIONS, [], NOW))
    rows = [structs.replace(r, status=Status.SENT) if r.day == TODAY else r for r in rows]
    now = moment("2026-02-23T17:05")
    written = changes(plan(somebody(lead_minutes=30), SESSIONS, [], now), rows, TODAY, now)
    assert written.new == []
    moved = [change.reminder for change in written.changes]
    assert [r.fire_at for r in moved if r] == [moment("2026-02-25T17:30")] * 2
    assert {change.status for change in written.changes} == {Status.PENDING}


def test_plan_5_F6_a_first_device_in_the_evening_gets_nothing_for_that_day() -> None:
    now = moment("2026-02-23T20:00")
    written = changes(plan(somebody(), SESSIONS, [], now), [], TODAY, now)
    assert brief(written.new) == PLAN_1[1::2]


@pytest.mark.parametrize("monday", MONDAYS)
@pytest.mark.parametrize("zone", ["Europe/Brussels", "America/New_York", "Australia/Lord_Howe"])
def test_the_worked_plan_holds_in_every_zone_and_week(monday: str, zone: str) -> None:
    """Plan 1, moved to other weeks and places: the clock there always shows 18:00."""
    first = date.fromisoformat(monday)
    moved = [
        PlannedSession(s.id, s.program_id, s.day - TODAY + first, s.planned, s.done, s.program_ends)
        for s in SESSIONS
    ]
    who = somebody(zone)
    now = datetime.combine(first, time(10), who.zone).astimezone(UTC)
    reminders = plan(who, moved, [], now)
    local = [r.fire_at.astimezone(who.zone) for r in reminders]
    assert sorted((m.date() - first).days for m in local) == [0, 0, 2, 2]
    assert {m.time() for m in local} == {time(18)}
    assert {r.status for r in reminders} == {Status.PENDING}


@pytest.mark.parametrize("monday", ["2026-03-23", "2026-10-19", "2027-03-22", "2027-10-25"])
def test_a_goal_of_every_day_fires_once_a_day_over_the_change_of_the_clocks(monday: str) -> None:
    first = date.fromisoformat(monday)
    who = somebody(preferred_time_local=time(2, 30), quiet_hours_start=time(12), lead_minutes=0)
    now = datetime.combine(first, time(0), who.zone).astimezone(UTC)
    reminders = plan(who, [], [goal("G", WEEK)], now)
    assert [r.day for r in reminders] == [first + timedelta(days=n) for n in range(14)]
    local = [r.fire_at.astimezone(who.zone) for r in reminders]
    assert [m.date() for m in local] == [r.day for r in reminders]
    assert {m.strftime("%H:%M") for m in local} <= {"02:30", "03:30"}


def test_the_window_is_today_and_thirteen_days_more() -> None:
    """F10: sessions further away appear as time passes."""
    far = [session(f"{n}", str(TODAY + timedelta(days=n))) for n in (-1, 0, 13, 14)]
    found = {r.day for r in plan(somebody(), far, [], NOW)}
    assert found == {TODAY, TODAY + timedelta(days=13)}


def test_today_is_the_day_at_the_place_of_the_person() -> None:
    late = moment("2026-02-23T23:30")
    sessions = [session("X", "2026-02-23"), session("Y", "2026-02-24")]
    assert {str(r.day) for r in plan(somebody(), sessions, [], late)} == {"2026-02-24"}
    in_new_york = plan(somebody("America/New_York"), sessions, [], late)
    assert {str(r.day) for r in in_new_york} == {"2026-02-23", "2026-02-24"}


@pytest.mark.parametrize("missing", ["is_active", "has_device", "enabled"])
def test_F10_F19_nothing_is_planned_for_who_cannot_receive(missing: str) -> None:
    who = somebody(**{missing: False})
    assert plan(who, SESSIONS, [goal("G", ["Maandag"])], NOW) == []


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        (ReminderMode.SESSION, {Kind.SESSION}),
        (ReminderMode.DAILY_SUMMARY, {Kind.DAILY_SUMMARY}),
        (ReminderMode.BOTH, {Kind.SESSION, Kind.DAILY_SUMMARY}),
    ],
)
def test_the_mode_decides_about_programs_and_not_about_goals(
    mode: ReminderMode, kinds: set[Kind]
) -> None:
    reminders = plan(somebody(reminder_mode=mode), SESSIONS, [goal("G", ["Maandag"])], NOW)
    assert {r.kind for r in reminders} == kinds | {Kind.PERSONAL_GOAL}


def test_F9_a_session_counts_as_done_by_its_distinct_methods() -> None:
    half = session("B", "2026-02-23", planned=2, done=1)
    assert len(plan(somebody(), [half], [], NOW)) == 2
    assert plan(somebody(), [session("B", "2026-02-23", planned=2, done=2)], [], NOW) == []


def test_F9_a_goal_is_not_reminded_on_a_day_it_was_done() -> None:
    done = goal("G", ["Maandag", "Donderdag"], done_on=["2026-02-23", "2026-03-05"])
    assert [str(r.day) for r in plan(somebody(), [], [done], NOW)] == ["2026-02-26", "2026-03-02"]


def test_a_program_that_is_over_reminds_of_nothing() -> None:
    over = session("B", "2026-02-25", ends=date(2026, 2, 22))
    last_day = session("C", "2026-02-25", ends=date(2026, 2, 23))
    assert {r.session_id for r in plan(somebody(), [over, last_day], [], NOW)} - {None} == {
        last_day.id
    }


def test_several_sessions_of_a_day_make_one_summary() -> None:
    sessions = [session("X", "2026-02-23"), session("Y", "2026-02-23"), C]
    daily = [r for r in plan(somebody(), sessions, [], NOW) if r.kind is Kind.DAILY_SUMMARY]
    assert [r.payload["sessionCount"] for r in daily] == [2, 1]


def test_goals_do_not_count_in_the_summary() -> None:
    reminders = plan(somebody(), [B], [goal("G", ["Maandag"])], NOW)
    assert [r.payload["sessionCount"] for r in reminders if r.kind is Kind.DAILY_SUMMARY] == [1]


def test_F6_keys_name_person_kind_day_and_subject_only() -> None:
    who = somebody(lead_minutes=5, preferred_time_local=time(8))
    later = {r.key for r in plan(who, SESSIONS, [goal("G", ["Maandag"])], NOW)}
    assert later == {r.key for r in plan(somebody(), SESSIONS, [goal("G", ["Maandag"])], NOW)}
    assert later >= {
        f"session:{B.id}:user:{USER}",
        f"daily:user:{USER}:date:2026-02-23",
        f"pgoal:{uuid5(SPACE, 'G')}:user:{USER}:date:2026-02-23",
    }


def test_payloads_name_their_subject() -> None:
    reminders = plan(somebody(), [B], [goal("Wandelen", ["Maandag"])], NOW)
    common = {"targetUrl": "/", "reminderDate": "2026-02-23"}
    assert [dict(r.payload) for r in reminders[:3]] == [
        common
        | {
            "title": "Tijd voor je activiteit",
            "body": "Je activiteit van vandaag (maandag 23 februari) staat klaar.",
            "mode": "session",
            "programId": str(B.program_id),
            "programScheduleId": str(B.id),
        },
        common
        | {
            "title": "Dagelijkse herinnering",
            "body": "Je hebt vandaag 1 geplande activiteit.",
            "mode": "daily_summary",
            "sessionCount": 1,
        },
        common
        | {
            "title": "Herinnering aan een persoonlijk doel",
            "body": "Vandaag is een geplande dag voor: Wandelen",
            "mode": "personal_goal",
            "personalGoalId": str(uuid5(SPACE, "Wandelen")),
            "personalGoalName": "Wandelen",
        },
    ]


def test_a_lead_of_a_day_speaks_of_tomorrow() -> None:
    reminders = plan(somebody(lead_minutes=1440), [C], [], NOW)
    assert [r.fire_at for r in reminders] == [moment("2026-02-24T18:00")] * 2
    assert [r.payload["body"] for r in reminders] == [
        "Je activiteit van morgen (woensdag 25 februari) staat klaar.",
        "Je hebt morgen 1 geplande activiteit.",
    ]


def test_an_unchanged_plan_writes_nothing() -> None:
    """F5: planning again and again touches no row, whatever its state."""
    reminders = plan(somebody(quiet_hours_start=time(17)), SESSIONS, [goal("G", ["Maandag"])], NOW)
    for status in (None, *(s for s in Status if s not in (Status.PENDING, Status.SKIPPED))):
        written = changes(reminders, stored(reminders, status), TODAY, NOW)
        assert written == Plan([], []), status
