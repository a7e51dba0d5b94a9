"""Which names of time zones are good."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api._lib.notifications.rules.zones import is_zone, zone_of

DEFAULT = "Europe/Brussels"


@pytest.mark.parametrize(
    "name", ["Europe/Brussels", "UTC", "Asia/Calcutta", "America/Argentina/Ushuaia", "Etc/GMT+12"]
)
def test_names_of_the_database_are_good(name: str) -> None:
    assert is_zone(name)
    assert zone_of(name, DEFAULT).key == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "Europe", "Mars/Olympus", "europe/brussels", "Europe/Brussels\n", " UTC", "+01:00"),
        *("../etc/passwd", "/etc/localtime", "posix/UTC", "right/UTC", "localtime", "Factory"),
        *("zone.tab", "tzdata.zi", "Europe/Brussels\0", "Etc/Unknown", "A" * 65),
    ],
)
def test_F13_other_names_are_not_and_never_stop_anything(name: str) -> None:
    assert not is_zone(name)
    assert zone_of(name, DEFAULT) == ZoneInfo(DEFAULT)


def test_without_a_name_the_default_counts() -> None:
    assert zone_of(None, "Asia/Tokyo") == ZoneInfo("Asia/Tokyo")


@given(st.text(max_size=70))
def test_F13_no_text_makes_it_fail(name: str) -> None:
    assert zone_of(name, DEFAULT).key in (name, DEFAULT)
