"""Use cases of reminders; other domains, the endpoints and the worker come in here."""

from api._lib.notifications.service.marking import mark_all_for_planning, mark_for_planning
from api._lib.notifications.service.planning import (
    Planned,
    plan_dirty_users,
    plan_if_marked,
    plan_users,
    reconcile,
)
from api._lib.notifications.service.preferences import (
    Settings,
    change_preferences,
    preferences_of,
)
from api._lib.notifications.service.sending import Sender
from api._lib.notifications.service.subscribing import subscribe, unsubscribe
from api._lib.notifications.service.testing import Tried, is_test_allowed, send_test
from api._lib.notifications.service.upkeep import follow_rekey, reap_leases, silence
from api._lib.notifications.store.marking import CHANNEL

__all__ = [
    "CHANNEL",
    "Planned",
    "Sender",
    "Settings",
    "Tried",
    "change_preferences",
    "follow_rekey",
    "is_test_allowed",
    "mark_all_for_planning",
    "mark_for_planning",
    "plan_dirty_users",
    "plan_if_marked",
    "plan_users",
    "preferences_of",
    "reap_leases",
    "reconcile",
    "send_test",
    "silence",
    "subscribe",
    "unsubscribe",
]
