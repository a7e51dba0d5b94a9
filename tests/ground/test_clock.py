"""Calendar days by time zone."""

from datetime import UTC, date, datetime

import pytest

from api._lib.clock import local_day

LATE = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/New_York", 4), ("Pacific/Auckland", 5), ("Europe/Brussels", 5), (None, 5)],
)
def test_a_day_is_that_of_the_zone_or_of_the_default(zone: str | None, day: int) -> None:
    assert local_day(LATE, zone, "Europe/Brussels") == date(2026, 3, day)


@pytest.mark.parametrize("name", ["", "Mars/Base", "America", "../etc", "/etc", "x" * 300])
def test_a_zone_that_this_machine_does_not_know_counts_as_none(name: str) -> None:
    assert local_day(LATE, name, "Europe/Brussels") == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-12-31T22:59:59+00:00", date(2026, 12, 31)),
        ("2026-12-31T23:00:00+00:00", date(2027, 1, 1)),
        ("2026-03-28T23:00:00+00:00", date(2026, 3, 29)),
        ("2026-03-29T21:59:59+00:00", date(2026, 3, 29)),
        ("2026-03-29T22:00:00+00:00", date(2026, 3, 30)),
        ("2026-10-24T22:00:00+00:00", date(2026, 10, 25)),
        ("2026-10-25T22:59:59+00:00", date(2026, 10, 25)),
        ("2026-10-25T23:00:00+00:00", date(2026, 10, 26)),
    ],
)
def test_P22_a_day_changes_at_midnight_whatever_the_clock_does(moment: str, day: date) -> None:
    assert local_day(datetime.fromisoformat(moment), "Europe/Brussels") == day
