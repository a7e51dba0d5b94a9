"""The clock, injected so that rules about time can be proven."""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the current moment."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self.moment += by


def local_day(moment: datetime, *zones: str | None) -> date:
    """Calendar day of a moment in the first of these IANA time zones that this machine knows."""
    return moment.astimezone(next(zone for zone in map(_zone, zones) if zone)).date()


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        return None
