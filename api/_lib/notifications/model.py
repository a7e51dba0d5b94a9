"""What reminders are made of."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct, UnsetType

from api._lib.messages import Language


class Kind(StrEnum):
    """What a reminder is about."""

    SESSION = "session"
    DAILY_SUMMARY = "daily_summary"
    PERSONAL_GOAL = "personal_goal"


class ReminderMode(StrEnum):
    """Which reminders of programs somebody wants."""

    SESSION = "session"
    DAILY_SUMMARY = "daily_summary"
    BOTH = "both"


class Status(StrEnum):
    """Where a stored reminder stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    SENT = "sent"
    DEAD_LETTER = "dead_letter"
    CANCELLED = "cancelled"
    SKIPPED = "skipped_quiet_hours"


class Preferences(Struct, frozen=True):
    """When somebody wants reminders; without a zone, the one of the settings."""

    enabled: bool = True
    reminder_mode: ReminderMode = ReminderMode.BOTH
    lead_minutes: int = 60
    preferred_time_local: time = time(19)
    timezone: str | None = None
    quiet_hours_start: time = time(22)
    quiet_hours_end: time = time(7)


class PreferencesChange(Struct, frozen=True):
    """What of the preferences changes; UNSET stays as it is."""

    enabled: bool | UnsetType = UNSET
    reminder_mode: ReminderMode | UnsetType = UNSET
    lead_minutes: int | UnsetType = UNSET
    preferred_time_local: time | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    quiet_hours_start: time | UnsetType = UNSET
    quiet_hours_end: time | UnsetType = UNSET


class Recipient(Struct, frozen=True):
    """Somebody to plan for."""

    user_id: str
    is_active: bool
    has_device: bool
    language: Language
    zone: ZoneInfo
    preferences: Preferences

    @property
    def can_receive(self) -> bool:
        """Whether anything would arrive and is wanted (R2)."""
        return self.is_active and self.has_device and self.preferences.enabled


class PlannedSession(Struct, frozen=True):
    """A session of a program that nobody has ended: how many methods it plans, how many are done.

    `program_ends` is the last day of the program.
    """

    id: UUID
    program_id: UUID
    day: date
    planned: int
    done: int
    program_ends: date


class ScheduledGoal(Struct, frozen=True):
    """An active personal goal with its days of the week and the days it was done."""

    id: UUID
    name: str
    weekdays: Sequence[str]
    done_on: Sequence[date] = ()


class Reminder(Struct, frozen=True):
    """One message to one person at one instant; the key says which, whatever its time (R4)."""

    key: str
    user_id: str
    kind: Kind
    day: date
    fire_at: datetime
    expires_at: datetime
    is_quiet: bool
    payload: Mapping[str, object]
    program_id: UUID | None = None
    session_id: UUID | None = None
    personal_goal_id: UUID | None = None

    @property
    def status(self) -> Status:
        """The state it starts in: one that falls into quiet hours is never sent."""
        return Status.SKIPPED if self.is_quiet else Status.PENDING


class Stored(Struct, frozen=True):
    """A reminder as the table holds it, as far as planning looks at it."""

    id: int
    key: str
    status: Status
    day: date
    fire_at: datetime
    expires_at: datetime
    payload: Mapping[str, object]


class Change(Struct, frozen=True):
    """What becomes of a stored reminder; without a new plan only its state changes."""

    id: int
    status: Status
    reminder: Reminder | None = None


class Plan(Struct, frozen=True):
    """What a planning run has to write."""

    new: Sequence[Reminder]
    changes: Sequence[Change]


class Device(Struct, frozen=True):
    """A browser that takes pushes."""

    id: int
    endpoint: str
    p256dh: str
    auth: str


class Subscription(Struct, frozen=True):
    """A stored subscription, and whom it belonged to before."""

    id: int
    endpoint: str
    status: str
    former_owner: str | None = None
