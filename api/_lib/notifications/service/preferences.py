"""When somebody wants reminders."""

from msgspec import Struct

from api._lib.context import Context, User
from api._lib.db import Transaction
from api._lib.errors import bad_request
from api._lib.notifications.model import Preferences, PreferencesChange
from api._lib.notifications.rules.zones import is_zone, zone_of
from api._lib.notifications.service.marking import mark_for_planning
from api._lib.notifications.store import planning
from api._lib.notifications.store import preferences as store


class Settings(Struct, frozen=True):
    """Preferences with their zone made known, and the key to subscribe with if there is one."""

    user_id: str
    preferences: Preferences
    zone: str
    public_key: str | None


async def preferences_of(ctx: Context, user: User) -> Settings:
    """Somebody's preferences; reading them stores nothing."""
    return _settings(ctx, user, await store.of_user(ctx.db, user.id))


async def change_preferences(ctx: Context, user: User, change: PreferencesChange) -> Settings:
    """Change what is given; switching reminders off also cancels those that wait.

    Raises a 400 for a time zone that does not exist.
    """
    if isinstance(change.timezone, str) and not is_zone(change.timezone):
        raise bad_request("field_invalid", field="timezone")

    async def block(tx: Transaction) -> Preferences:
        await planning.lock(tx, [user.id])
        preferences = await store.change(tx, user.id, change)
        if not preferences.enabled:
            await planning.cancel_open(tx, [user.id])
        await mark_for_planning(tx, user.id, "preferences changed")
        return preferences

    return _settings(ctx, user, await ctx.db.run(block))


def _settings(ctx: Context, user: User, preferences: Preferences) -> Settings:
    zone = zone_of(preferences.timezone, ctx.settings.notification_default_timezone)
    return Settings(user.id, preferences, zone.key, ctx.push.public_key)
