"""SQL of preferences."""

from collections.abc import Mapping

from msgspec import UNSET, structs

from api._lib.db import Queries, Record, Transaction
from api._lib.notifications.model import Preferences, PreferencesChange, ReminderMode

COLUMNS = Preferences.__struct_fields__
DEFAULTS = structs.asdict(Preferences())


async def of_user(q: Queries, user_id: str) -> Preferences:
    """Somebody's preferences; the defaults when none are stored."""
    columns = ", ".join(COLUMNS)
    row = await q.fetchrow(
        f"SELECT {columns} FROM notification_preferences WHERE user_id = $1", user_id
    )
    return Preferences() if row is None else preferences(row)


async def change(tx: Transaction, user_id: str, wish: PreferencesChange) -> Preferences:
    """Store the given columns, no others, so that two changes at once both survive (F12)."""
    given = {name: value for name, value in structs.asdict(wish).items() if value is not UNSET}
    if not given:
        return await of_user(tx, user_id)
    row = await tx.fetchrow(_upsert(given), user_id, *given.values())
    return Preferences() if row is None else preferences(row)


async def set_zone(tx: Transaction, user_id: str, zone: str) -> None:
    """Store a time zone."""
    await change(tx, user_id, PreferencesChange(timezone=zone))


def preferences(row: Record) -> Preferences:
    """Preferences of a row; what a person without a row leaves empty is the default."""
    known = {name: row[name] for name in COLUMNS if row[name] is not None}
    if "reminder_mode" in known:
        known["reminder_mode"] = ReminderMode(known["reminder_mode"])
    return Preferences(**known)


def _upsert(given: Mapping[str, object]) -> str:
    names = ", ".join(given)
    places = ", ".join(f"${number}" for number in range(2, len(given) + 2))
    updates = ", ".join(f"{name} = excluded.{name}" for name in given)
    return (
        f"INSERT INTO notification_preferences (user_id, {names}) VALUES ($1, {places})"
        f" ON CONFLICT (user_id) DO UPDATE SET {updates} RETURNING {', '.join(COLUMNS)}"
    )
