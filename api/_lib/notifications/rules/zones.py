"""Time zones by name: the one place that decides which names are good (F13)."""

from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

LONGEST_NAME = 64
NO_PLACES = frozenset({"localtime", "Factory"})


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every zone of the time zone database."""
    return frozenset(name for name in available_timezones() if name not in NO_PLACES)


def is_zone(name: str) -> bool:
    """Whether a text names a time zone."""
    return len(name) <= LONGEST_NAME and name in names()


def zone_of(name: str | None, default: str) -> ZoneInfo:
    """The named zone, or the default when there is none of that name."""
    return ZoneInfo(name if name and is_zone(name) else default)
