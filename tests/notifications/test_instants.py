"""From a local time to an instant, over the clock changes of 2026 and 2027."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.notifications.model import Preferences
from api._lib.notifications.rules.instants import (
    expires_at,
    fire_at,
    is_late,
    is_quiet,
    is_quiet_at,
    slot,
)

BRUSSELS = "Europe/Brussels"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
LATE_QUIET = ("00:00", "06:00")
NOON_QUIET = ("12:00", "13:00")
USUAL_QUIET = ("22:00", "07:00")

# day, preferred, lead, zone, quiet hours, instant, local time, is it quiet
TABLE = [
    ("2026-02-23", "19:00", 60, BRUSSELS, USUAL_QUIET, "2026-02-23T17:00", "18:00", False),
    ("2026-07-14", "19:00", 60, BRUSSELS, USUAL_QUIET, "2026-07-14T16:00", "18:00", False),
    ("2026-02-23", "08:00", 60, BRUSSELS, USUAL_QUIET, "2026-02-23T06:00", "07:00", False),
    ("2026-02-23", "07:30", 60, BRUSSELS, USUAL_QUIET, "2026-02-23T05:30", "06:30", True),
    ("2026-02-23", "22:30", 30, BRUSSELS, USUAL_QUIET, "2026-02-23T21:00", "22:00", True),
    ("2026-02-23", "22:30", 60, BRUSSELS, USUAL_QUIET, "2026-02-23T20:30", "21:30", False),
    ("2026-02-23", "19:00", 1440, BRUSSELS, USUAL_QUIET, "2026-02-22T18:00", "19:00", False),
    ("2026-02-23", "23:30", 0, BRUSSELS, LATE_QUIET, "2026-02-23T22:30", "23:30", False),
    ("2026-07-14", "22:15", 0, BRUSSELS, LATE_QUIET, "2026-07-14T20:15", "22:15", False),
    (
        *("2026-02-23", "00:30", 0, "Europe/London", ("02:00", "06:00")),
        *("2026-02-23T00:30", "00:30", False),
    ),
    ("2026-03-29", "01:30", 0, BRUSSELS, NOON_QUIET, "2026-03-29T00:30", "01:30", False),
    ("2026-03-29", "02:30", 0, BRUSSELS, NOON_QUIET, "2026-03-29T01:30", "03:30", False),
    ("2026-10-25", "02:30", 0, BRUSSELS, NOON_QUIET, "2026-10-25T00:30", "02:30", False),
    (
        *("2026-03-08", "07:00", 0, "America/Los_Angeles", USUAL_QUIET),
        *("2026-03-08T14:00", "07:00", False),
    ),
    ("2026-02-23", "19:00", 60, NEW_YORK, USUAL_QUIET, "2026-02-23T23:00", "18:00", False),
]

# The days the clocks change. Lord Howe moves by half an hour, at two o'clock.
CHANGES = [
    # Brussels: 2 to 3 o'clock does not exist in March and comes twice in October.
    (BRUSSELS, "2026-03-28", "23:30", "2026-03-28T22:30"),
    (BRUSSELS, "2026-03-29", "00:30", "2026-03-28T23:30"),
    (BRUSSELS, "2026-03-29", "02:00", "2026-03-29T01:00"),
    (BRUSSELS, "2026-03-29", "02:59", "2026-03-29T01:59"),
    (BRUSSELS, "2026-03-29", "03:00", "2026-03-29T01:00"),
    (BRUSSELS, "2026-03-29", "19:00", "2026-03-29T17:00"),
    (BRUSSELS, "2026-10-24", "23:30", "2026-10-24T21:30"),
    (BRUSSELS, "2026-10-25", "02:00", "2026-10-25T00:00"),
    (BRUSSELS, "2026-10-25", "02:59", "2026-10-25T00:59"),
    (BRUSSELS, "2026-10-25", "03:00", "2026-10-25T02:00"),
    (BRUSSELS, "2026-10-25", "19:00", "2026-10-25T18:00"),
    (BRUSSELS, "2027-03-28", "01:59", "2027-03-28T00:59"),
    (BRUSSELS, "2027-03-28", "02:30", "2027-03-28T01:30"),
    (BRUSSELS, "2027-03-28", "03:30", "2027-03-28T01:30"),
    (BRUSSELS, "2027-03-28", "22:30", "2027-03-28T20:30"),
    (BRUSSELS, "2027-10-31", "01:59", "2027-10-30T23:59"),
    (BRUSSELS, "2027-10-31", "02:30", "2027-10-31T00:30"),
    (BRUSSELS, "2027-10-31", "03:30", "2027-10-31T02:30"),
    (BRUSSELS, "2027-10-31", "23:30", "2027-10-31T22:30"),
    (NEW_YORK, "2026-03-08", "01:30", "2026-03-08T06:30"),
    (NEW_YORK, "2026-03-08", "02:30", "2026-03-08T07:30"),
    (NEW_YORK, "2026-03-08", "03:30", "2026-03-08T07:30"),
    (NEW_YORK, "2026-03-08", "19:00", "2026-03-08T23:00"),
    (NEW_YORK, "2026-11-01", "01:30", "2026-11-01T05:30"),
    (NEW_YORK, "2026-11-01", "02:30", "2026-11-01T07:30"),
    (NEW_YORK, "2026-11-01", "19:00", "2026-11-02T00:00"),
    (NEW_YORK, "2027-03-14", "02:30", "2027-03-14T07:30"),
    (NEW_YORK, "2027-03-14", "20:30", "2027-03-15T00:30"),
    (NEW_YORK, "2027-11-07", "01:30", "2027-11-07T05:30"),
    (NEW_YORK, "2027-11-07", "20:30", "2027-11-08T01:30"),
    (LORD_HOWE, "2026-04-05", "01:45", "2026-04-04T14:45"),
    (LORD_HOWE, "2026-04-05", "02:30", "2026-04-04T16:00"),
    (LORD_HOWE, "2026-10-04", "02:15", "2026-10-03T15:45"),
    (LORD_HOWE, "2026-10-04", "02:45", "2026-10-03T15:45"),
    (LORD_HOWE, "2026-10-04", "19:00", "2026-10-04T08:00"),
    (LORD_HOWE, "2027-04-04", "01:45", "2027-04-03T14:45"),
    (LORD_HOWE, "2027-04-04", "19:00", "2027-04-04T08:30"),
    (LORD_HOWE, "2027-10-03", "02:15", "2027-10-02T15:45"),
    (LORD_HOWE, "2027-10-03", "19:00", "2027-10-03T08:00"),
]

clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
zones = st.sampled_from([BRUSSELS, NEW_YORK, LORD_HOWE, "Asia/Kathmandu", "Pacific/Apia", "UTC"])
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


def clock(text: str) -> time:
    return time.fromisoformat(text)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "preferred", "lead", "zone", "quiet", "fires", "local", "quietly"), TABLE
)
def test_F1_F2_instants(
    day: str,
    preferred: str,
    lead: int,
    zone: str,
    quiet: tuple[str, str],
    fires: str,
    local: str,
    quietly: bool,
) -> None:
    wish = Preferences(
        lead_minutes=lead,
        preferred_time_local=clock(preferred),
        quiet_hours_start=clock(quiet[0]),
        quiet_hours_end=clock(quiet[1]),
    )
    found = slot(date.fromisoformat(day), wish, ZoneInfo(zone))
    assert found.fire_at == instant(fires)
    assert found.fire_at.astimezone(ZoneInfo(zone)).strftime("%H:%M") == local
    assert found.is_quiet is quietly


@pytest.mark.parametrize(("zone", "day", "preferred", "fires"), CHANGES)
def test_F1_F2_days_on_which_the_clocks_change(
    zone: str, day: str, preferred: str, fires: str
) -> None:
    assert fire_at(date.fromisoformat(day), clock(preferred), 0, ZoneInfo(zone)) == instant(fires)


def test_the_lead_is_elapsed_time() -> None:
    """Four hours before 5 o'clock it was midnight, as one hour is missing that night."""
    fires = fire_at(date(2026, 3, 29), time(5), 240, ZoneInfo(BRUSSELS))
    assert fires.astimezone(ZoneInfo(BRUSSELS)).time() == time(0)


@given(days, clock_times, st.integers(0, 1440), zones)
def test_the_local_time_is_the_one_asked_for_or_past_a_gap(
    day: date, preferred: time, lead: int, zone: str
) -> None:
    where = ZoneInfo(zone)
    base = fire_at(day, preferred, 0, where)
    local = base.astimezone(where)
    shift = local.replace(tzinfo=None) - datetime.combine(day, preferred)
    exists = datetime.combine(day, preferred, where).astimezone(UTC).astimezone(where)
    assert shift == timedelta(0) or (exists.time() != preferred and shift <= timedelta(hours=1))
    assert base - fire_at(day, preferred, lead, where) == timedelta(minutes=lead)


@given(days, clock_times, zones)
def test_of_a_doubled_time_the_first_counts(day: date, preferred: time, zone: str) -> None:
    where = ZoneInfo(zone)
    fires = fire_at(day, preferred, 0, where)
    local = fires.astimezone(where)
    for earlier in (timedelta(minutes=30), timedelta(hours=1)):
        before = (fires - earlier).astimezone(where)
        assert before.replace(tzinfo=None) != local.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("local", "start", "end", "quiet"),
    [
        ("22:00", "22:00", "07:00", True),
        ("06:59", "22:00", "07:00", True),
        ("07:00", "22:00", "07:00", False),
        ("21:59", "22:00", "07:00", False),
        ("00:00", "22:00", "07:00", True),
        ("12:00", "12:00", "13:00", True),
        ("13:00", "12:00", "13:00", False),
        ("00:00", "00:00", "00:00", False),
        ("22:00", "22:00", "22:00", False),
        ("23:59", "23:59", "00:00", True),
        ("00:00", "23:59", "00:00", False),
    ],
)
def test_quiet_hours_take_their_start_but_not_their_end(
    local: str, start: str, end: str, quiet: bool
) -> None:
    assert is_quiet(clock(local), clock(start), clock(end)) is quiet


@given(clock_times, clock_times, clock_times)
def test_swapped_quiet_hours_are_the_other_part_of_the_day(
    local: time, start: time, end: time
) -> None:
    if start != end:
        assert is_quiet(local, start, end) is not is_quiet(local, end, start)
    else:
        assert not is_quiet(local, start, end)


def test_quiet_hours_look_at_minutes_of_the_place() -> None:
    moment = datetime(2026, 2, 23, 20, 59, 59, tzinfo=UTC)
    assert not is_quiet_at(moment, ZoneInfo(BRUSSELS), time(22), time(7))
    assert is_quiet_at(moment + timedelta(seconds=1), ZoneInfo(BRUSSELS), time(22), time(7))
    assert not is_quiet_at(moment + timedelta(seconds=1), ZoneInfo(NEW_YORK), time(22), time(7))


@given(days, clock_times, st.integers(0, 1440), zones)
def test_F8_a_reminder_runs_out_with_its_day(
    day: date, preferred: time, lead: int, zone: str
) -> None:
    where = ZoneInfo(zone)
    fires = fire_at(day, preferred, lead, where)
    ends = expires_at(day, fires, where)
    assert ends >= fires + timedelta(minutes=15)
    last = (ends - timedelta(seconds=1)).astimezone(where)
    assert last.date() == day or ends == fires + timedelta(minutes=15)


def test_a_reminder_of_the_last_minute_gets_a_quarter_of_an_hour() -> None:
    where = ZoneInfo(BRUSSELS)
    fires = fire_at(date(2026, 2, 23), time(23, 50), 0, where)
    assert expires_at(date(2026, 2, 23), fires, where) == fires + timedelta(minutes=15)


def test_late_is_more_than_a_quarter_of_an_hour() -> None:
    now = datetime(2026, 2, 23, 17, 15, tzinfo=UTC)
    assert not is_late(now - timedelta(minutes=15), now)
    assert is_late(now - timedelta(minutes=15, seconds=1), now)
