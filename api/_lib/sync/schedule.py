"""When what is read from Airtable, and how many calls that costs in a quiet month (sync 11.10)."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from api._lib.airtable.mapping import CONTENT_TABLES, ENTITIES, WRITABLE_TABLES
from api._lib.backend import lives_in_airtable
from api._lib.db import Queries
from api._lib.settings import Settings

MONTH_SECONDS = 30 * 86_400
POLLING_SHARE = 0.5
"""Of a monthly budget of calls, that much may go into looking for changes."""

RETRY_SECONDS = 120.0
RETRIES = 6
"""A listing that failed is tried again so many times in its period, at most every two minutes.

One that fails for good, as when somebody removed a field, must not use up a month's calls.
"""

USERS_WITH_WEBHOOKS = 900
FULL_WITH_WEBHOOKS = 10_800
ORDER_WITH_WEBHOOKS = 1_800
PAYLOADS_SECONDS = 900
REFERENCE_TABLES = len(CONTENT_TABLES) - 1
VIEWS = sum(table.view is not None for table in CONTENT_TABLES)


class Poll(StrEnum):
    """The periodic readings."""

    USERS = "users"
    FULL = "full"
    TRANSLATIONS = "translations"
    TRACKING = "tracking"
    ORDER = "order"
    PAYLOADS = "webhook"


CALLS: Mapping[Poll, int] = {
    Poll.USERS: 1,
    Poll.FULL: 1 + REFERENCE_TABLES + VIEWS,
    Poll.TRANSLATIONS: 1,
    Poll.ORDER: VIEWS,
    Poll.PAYLOADS: 1,
}
"""Requests of one run while every table fits on one page; tracking takes one per entity that
Airtable owns."""

CALLS_PER_DAY = {
    "check_base": 1,
    "keep_webhook": 2,
    "reconcile_stores": len(WRITABLE_TABLES) + len(CONTENT_TABLES),
}


class Used(Struct, frozen=True):
    """Calls of this month."""

    calls: int
    budget: int | None

    @property
    def is_scarce(self) -> bool:
        """Whether four fifths of the budget are gone."""
        return self.budget is not None and self.calls >= 0.8 * self.budget


def periods(settings: Settings, with_webhooks: bool) -> dict[Poll, float]:
    """Seconds between two runs; what is switched off or not needed is absent."""
    wanted = _wanted(settings, with_webhooks)
    factor = _stretch(settings, wanted)
    return {poll: seconds * factor for poll, seconds in wanted.items()}


def retry_period(settings: Settings, with_webhooks: bool, poll: Poll) -> float:
    """Seconds from a run that failed to the next one; a budget stretches them, too."""
    wanted = _wanted(settings, with_webhooks)
    soon = max(RETRY_SECONDS, wanted[poll] / RETRIES)
    return min(wanted[poll], soon) * _stretch(settings, wanted)


def calls_per_month(settings: Settings, with_webhooks: bool) -> int:
    """Calls of thirty quiet days."""
    daily = 30 * sum(CALLS_PER_DAY.values())
    return round(_polling(settings, periods(settings, with_webhooks))) + daily


async def used_calls(q: Queries, settings: Settings) -> Used:
    """What this month's calls amount to."""
    calls = await q.fetchval(
        """SELECT (counts ->> 'calls')::bigint FROM sync_gates
           WHERE key = 'calls:' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM')"""
    )
    return Used(int(calls or 0), settings.airtable_monthly_call_budget)


def _wanted(settings: Settings, with_webhooks: bool) -> dict[Poll, float]:
    users = float(settings.sync_user_fallback_poll_seconds)
    full = float(settings.sync_full_poll_seconds)
    found: dict[Poll, float] = {}
    if with_webhooks:
        users, full = max(users, USERS_WITH_WEBHOOKS), max(full, FULL_WITH_WEBHOOKS)
        found[Poll.PAYLOADS] = PAYLOADS_SECONDS
    if settings.user_fast_lane_enabled:
        found[Poll.USERS] = users
    if settings.full_airtable_poll_sync_enabled:
        found |= {Poll.FULL: full, Poll.TRANSLATIONS: full}
        if _calls(settings, Poll.TRACKING):
            found[Poll.TRACKING] = full
        if with_webhooks:
            # Webhooks do not tell that somebody dragged a record; full listings see it anyway.
            found[Poll.ORDER] = ORDER_WITH_WEBHOOKS
    return found


def _calls(settings: Settings, poll: Poll) -> int:
    if poll is Poll.TRACKING:
        return sum(lives_in_airtable(settings, kind) for kind in ENTITIES)
    return CALLS[poll]


def _polling(settings: Settings, wanted: Mapping[Poll, float]) -> float:
    return sum(_calls(settings, poll) * MONTH_SECONDS / seconds for poll, seconds in wanted.items())


def _stretch(settings: Settings, wanted: Mapping[Poll, float]) -> float:
    budget = settings.airtable_monthly_call_budget
    if budget is None:
        return 1.0
    return max(1.0, _polling(settings, wanted) / (POLLING_SHARE * budget))
