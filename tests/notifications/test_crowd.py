"""Ten thousand people with programs are planned in one go."""

import time
from datetime import date

import pytest

from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.service import Planned
from tests.notifications.crowd import add_crowd
from tests.scale import scaled

PEOPLE = scaled(500, soak=10_000)
LIMIT_SECONDS = 20
"""The stated bound; a calm machine with two cores needs about a third of it."""

WRITERS = "SELECT count(*), max(xmin::text::bigint), sum(hashint8(id)) FROM notification_jobs"


@pytest.mark.soak
async def test_F10_ten_thousand_people_are_planned_in_time_and_unchanged_plans_write_nothing(
    ctx: Context, db: Database
) -> None:
    async with db.connection() as connection:
        await add_crowd(connection, PEOPLE, date(2026, 2, 16), every=3)
    began = time.monotonic()
    first = await notifications.reconcile(ctx)
    needed = time.monotonic() - began
    print(f"planned {first.written} reminders of {first.users} people in {needed:.1f} s")
    # Sessions on four days of the window, each with a reminder of its own and one of its day.
    assert first == Planned(users=PEOPLE, written=PEOPLE * 8)
    assert needed < LIMIT_SECONDS
    before = await db.fetchrow(WRITERS)
    began = time.monotonic()
    assert await notifications.reconcile(ctx) == Planned(users=PEOPLE, written=0)
    print(f"found nothing to change in {time.monotonic() - began:.1f} s")
    assert await db.fetchrow(WRITERS) == before
