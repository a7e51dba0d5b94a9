"""From a day and a time on somebody's clock to an instant."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from api._lib.notifications.model import Preferences

GRACE = timedelta(minutes=15)
"""How late a reminder may still be planned, and the least time it may take to be sent."""

DAY = timedelta(days=1)


class Slot(Struct, frozen=True):
    """The instant of a day's reminders, and what it looks like on the clock of their reader."""

    fire_at: datetime
    expires_at: datetime
    local_day: date
    is_quiet: bool


# Most people share their preferences, the default ones.
@lru_cache(maxsize=4_096)
def slot(day: date, wish: Preferences, zone: ZoneInfo) -> Slot:
    """When the reminders of a day are due, by somebody's preferences."""
    fires = fire_at(day, wish.preferred_time_local, wish.lead_minutes, zone)
    local = fires.astimezone(zone)
    quiet = is_quiet(local.time(), wish.quiet_hours_start, wish.quiet_hours_end)
    return Slot(fires, expires_at(day, fires, zone), local.date(), quiet)


def fire_at(day: date, preferred: time, lead_minutes: int, zone: ZoneInfo) -> datetime:
    """The instant so many elapsed minutes before a local time.

    A time the clock jumps over moves forward by the gap, of a doubled one the first counts (R1).
    """
    local = datetime.combine(day, preferred, zone)
    return local.astimezone(UTC) - timedelta(minutes=lead_minutes)


def expires_at(day: date, fires: datetime, zone: ZoneInfo) -> datetime:
    """When a reminder is worth nothing any more: as its day ends, but not at once (R7)."""
    midnight = datetime.combine(day + DAY, time(0), zone).astimezone(UTC)
    return max(midnight, fires + GRACE)


def is_late(fires: datetime, now: datetime) -> bool:
    """Whether an instant has passed for so long that nothing is planned for it any more (R6)."""
    return fires < now - GRACE


def is_quiet(local: time, start: time, end: time) -> bool:
    """Whether a clock time lies in the quiet hours, end excluded; equal times mean none (D1)."""
    minute = local.replace(second=0, microsecond=0, tzinfo=None, fold=0)
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end


def is_quiet_at(moment: datetime, zone: ZoneInfo, start: time, end: time) -> bool:
    """Whether it is quiet at somebody's place at an instant."""
    return is_quiet(moment.astimezone(zone).time(), start, end)
