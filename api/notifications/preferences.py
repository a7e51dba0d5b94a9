"""When somebody wants reminders."""

from datetime import time
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.context import Context, User
from api._lib.notifications import service as notifications
from api._lib.notifications.model import PreferencesChange, ReminderMode
from api._lib.wire import Body, Wire

# The bound on the length refuses a line break at the end, which `$` lets pass.
ClockTime = Annotated[str, Meta(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
LeadMinutes = Annotated[int, Meta(ge=0, le=1_440)]
Zone = Annotated[str, Meta(min_length=1, max_length=64)]


class Change(Body):
    enabled: bool | UnsetType = UNSET
    reminder_mode: ReminderMode | UnsetType = UNSET
    lead_minutes: LeadMinutes | UnsetType = UNSET
    preferred_time_local: ClockTime | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    quiet_hours_start: ClockTime | UnsetType = UNSET
    quiet_hours_end: ClockTime | UnsetType = UNSET


class Preferences(Wire):
    user_id: str
    enabled: bool
    reminder_mode: ReminderMode
    lead_minutes: int
    preferred_time_local: str
    timezone: str
    quiet_hours_start: str
    quiet_hours_end: str
    web_push_configured: bool
    vapid_public_key: str | None


async def get(ctx: Context, user: User) -> Preferences:
    """The preferences, with the defaults where nothing was chosen."""
    return _answer(await notifications.preferences_of(ctx, user))


async def patch(ctx: Context, user: User, body: Change) -> Preferences:
    """Change the given preferences, no others."""
    change = PreferencesChange(
        enabled=body.enabled,
        reminder_mode=body.reminder_mode,
        lead_minutes=body.lead_minutes,
        preferred_time_local=_clock_time(body.preferred_time_local),
        timezone=body.timezone,
        quiet_hours_start=_clock_time(body.quiet_hours_start),
        quiet_hours_end=_clock_time(body.quiet_hours_end),
    )
    return _answer(await notifications.change_preferences(ctx, user, change))


def _answer(settings: notifications.Settings) -> Preferences:
    wish = settings.preferences
    return Preferences(
        user_id=settings.user_id,
        enabled=wish.enabled,
        reminder_mode=wish.reminder_mode,
        lead_minutes=wish.lead_minutes,
        preferred_time_local=f"{wish.preferred_time_local:%H:%M}",
        timezone=settings.zone,
        quiet_hours_start=f"{wish.quiet_hours_start:%H:%M}",
        quiet_hours_end=f"{wish.quiet_hours_end:%H:%M}",
        web_push_configured=settings.public_key is not None,
        vapid_public_key=settings.public_key,
    )


def _clock_time(text: str | UnsetType) -> time | UnsetType:
    return text if isinstance(text, UnsetType) else time.fromisoformat(text)
