"""When Airtable is read, and what a quiet month costs (sync 11.10)."""

import pytest

from api._lib.airtable.gateway import Gateway
from api._lib.context import Context
from api._lib.settings import Settings
from api._lib.sync.inbound.content import import_order
from api._lib.sync.inbound.content_tables import CONTENT, REFERENCE, TRANSLATIONS
from api._lib.sync.inbound.listing import list_content
from api._lib.sync.inbound.people import list_people, poll_people
from api._lib.sync.schedule import (
    CALLS,
    CALLS_PER_DAY,
    MONTH_SECONDS,
    Poll,
    calls_per_month,
    periods,
    retry_period,
    used_calls,
)
from tasks.dev.airtable.testing import AirtableServer
from tests.airtable import with_settings


def test_a_quiet_month_with_webhooks_costs_less_than_20_000_calls(settings: Settings) -> None:
    calls = calls_per_month(settings, with_webhooks=True)
    assert calls < 20_000
    assert calls == 2_880 + 240 * 15 + 240 + 1_440 * 4 + 2_880 + 30 * sum(CALLS_PER_DAY.values())


def test_N10_a_budget_stretches_the_polls_to_half_of_it(settings: Settings) -> None:
    plain = periods(settings, with_webhooks=False)
    assert plain[Poll.USERS] == 60
    assert plain[Poll.FULL] == 120
    tight = periods(
        with_settings(settings, airtable_monthly_call_budget=100_000), with_webhooks=False
    )
    calls = sum(CALLS[poll] * MONTH_SECONDS / seconds for poll, seconds in tight.items())
    assert calls == pytest.approx(50_000)
    assert tight[Poll.FULL] / tight[Poll.USERS] == 2
    ample = with_settings(settings, airtable_monthly_call_budget=10_000_000)
    assert periods(ample, with_webhooks=False) == plain


def test_while_webhooks_work_polls_are_rare(settings: Settings) -> None:
    found = periods(settings, with_webhooks=True)
    assert found == {
        Poll.PAYLOADS: 900,
        Poll.USERS: 900,
        Poll.FULL: 10_800,
        Poll.TRANSLATIONS: 10_800,
        Poll.ORDER: 1_800,
    }


def test_longer_periods_of_the_settings_stay(settings: Settings) -> None:
    slow = with_settings(
        settings, sync_user_fallback_poll_seconds=3_600, sync_full_poll_seconds=86_400
    )
    found = periods(slow, with_webhooks=True)
    assert (found[Poll.USERS], found[Poll.FULL]) == (3_600, 86_400)


def test_polls_can_be_switched_off(settings: Settings) -> None:
    off = with_settings(
        settings, user_fast_lane_enabled=False, full_airtable_poll_sync_enabled=False
    )
    assert periods(off, with_webhooks=False) == {}
    assert periods(off, with_webhooks=True) == {Poll.PAYLOADS: 900}


def test_what_failed_is_tried_again_soon(settings: Settings) -> None:
    assert retry_period(settings, False, Poll.FULL) == 120
    assert retry_period(settings, False, Poll.USERS) == 60
    assert retry_period(settings, True, Poll.USERS) == 150
    assert retry_period(settings, True, Poll.FULL) == 1_800


def test_N10_a_listing_that_fails_for_good_does_not_use_up_the_calls_of_a_month(
    settings: Settings,
) -> None:
    more = MONTH_SECONDS / retry_period(settings, True, Poll.FULL) * CALLS[Poll.FULL]
    assert calls_per_month(settings, with_webhooks=True) + more < 50_000
    tight = with_settings(settings, airtable_monthly_call_budget=100_000)
    assert retry_period(tight, False, Poll.FULL) == periods(tight, False)[Poll.FULL]


async def test_every_poll_costs_as_many_calls_as_the_schedule_says(
    ctx: Context, demo: AirtableServer
) -> None:
    async def cost(gateway: Gateway) -> int:
        found = len(demo.control.requests())
        demo.control.clear_requests()
        return found

    await list_people(ctx)
    await cost(ctx.airtable)
    await poll_people(ctx)
    assert await cost(ctx.airtable) == CALLS[Poll.USERS]
    await list_people(ctx)
    for table in REFERENCE:
        await list_content(ctx, table)
    assert await cost(ctx.airtable) == CALLS[Poll.FULL]
    await list_content(ctx, TRANSLATIONS)
    pages = -(-demo.control.count("Vertalingen") // 100)
    assert await cost(ctx.airtable) == CALLS[Poll.TRANSLATIONS] + pages - 1
    for table in CONTENT.values():
        if table.table.view:
            await import_order(ctx, table)
    assert await cost(ctx.airtable) == CALLS[Poll.ORDER]


async def test_the_used_part_of_the_budget_is_known(ctx: Context) -> None:
    settings = with_settings(ctx.settings, airtable_monthly_call_budget=1_000)
    await ctx.db.execute(
        """INSERT INTO sync_gates (key, counts)
           VALUES ('calls:' || to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM'), '{"calls": 800}')"""
    )
    assert (await used_calls(ctx.db, settings)).is_scarce
    assert not (await used_calls(ctx.db, ctx.settings)).is_scarce
