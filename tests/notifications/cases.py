"""Recipients, sessions and goals for the tests of the rules."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from api._lib.notifications.model import (
    PlannedSession,
    Preferences,
    Recipient,
    Reminder,
    ScheduledGoal,
    Status,
    Stored,
)

SPACE = UUID(int=1)
USER = "recUSER0000000001"
FAR_END = date(2028, 12, 31)


def moment(text: str) -> datetime:
    """A moment in UTC such as `2026-02-23T09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def somebody(zone: str = "Europe/Brussels", /, **details: Any) -> Recipient:
    """An active person with a device; further details are preferences or fields of the person."""
    fields = set(Recipient.__struct_fields__)
    wish = Preferences(**{name: value for name, value in details.items() if name not in fields})
    facts: dict[str, Any] = {
        "user_id": USER,
        "is_active": True,
        "has_device": True,
        "language": "nl",
    }
    facts |= {name: value for name, value in details.items() if name in fields}
    return Recipient(zone=ZoneInfo(zone), preferences=wish, **facts)


def session(
    name: str, day: str, planned: int = 1, done: int = 0, ends: date = FAR_END
) -> PlannedSession:
    """A session of the one program."""
    return PlannedSession(
        uuid5(SPACE, name), UUID(int=2), date.fromisoformat(day), planned, done, ends
    )


def goal(name: str, weekdays: Sequence[str], done_on: Iterable[str] = ()) -> ScheduledGoal:
    """An active goal."""
    days = [date.fromisoformat(day) for day in done_on]
    return ScheduledGoal(uuid5(SPACE, name), name, weekdays, days)


def stored(
    reminders: Iterable[Reminder], status: Status | None = None, first: int = 1
) -> list[Stored]:
    """Reminders as the table holds them after they were planned, or in a given state."""
    return [
        Stored(number, r.key, status or r.status, r.day, r.fire_at, r.expires_at, r.payload)
        for number, r in enumerate(reminders, first)
    ]


def brief(reminders: Iterable[Reminder]) -> list[tuple[str, str, str]]:
    """Kind, day and instant of reminders, in order."""
    return sorted((r.kind.value, str(r.day), r.fire_at.strftime("%m-%dT%H:%M")) for r in reminders)
