"""What is true at the moment of sending decides, not what was planned."""

from datetime import date

import pytest

from api._lib.clock import ManualClock
from api._lib.context import Context
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.service import Sender
from tasks.dev.push import PushStandIn
from tests.notifications.ann import TODAY, TONIGHT, Ann, make_ann, revive
from tests.notifications.cases import moment
from tests.notifications.seed import (
    add_goal,
    add_program,
    add_user,
    do_goal,
    do_methods,
)


async def test_F7_a_session_done_since_planning_is_not_reminded(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn
) -> None:
    await do_methods(db, (await ann.job())["session_id"])
    assert await sender.run(5) == {"cancelled": 1}
    assert (await ann.job())["last_error"] == "no longer wanted"
    assert not push_service.attempts


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE notification_preferences SET enabled = false",
        "UPDATE notification_preferences SET reminder_mode = 'daily_summary'",
        "UPDATE users SET status = 'disabled'",
        "UPDATE programs SET status = 'Afgewerkt'",
        "UPDATE programs SET start_date = '2026-01-01', end_date = '2026-02-22'",
        "UPDATE program_sessions SET session_date = '2026-02-27'",
        "DELETE FROM session_methods",
    ],
)
async def test_F7_F19_what_changed_since_planning_stops_it(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn, change: str
) -> None:
    await db.execute(change)
    assert await sender.run(5) == {"cancelled": 1}
    assert not push_service.attempts


async def test_F7_another_session_of_the_day_is_no_reason_to_be_reminded(
    db: Database, ann: Ann, sender: Sender, push_service: PushStandIn
) -> None:
    await do_methods(db, (await ann.job())["session_id"])
    await add_program(db, ann.id, [(TODAY, [0])])
    assert await sender.run(5) == {"cancelled": 1}
    assert not push_service.attempts


async def test_F18_a_summary_is_sent_while_a_session_of_the_day_is_left(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = Ann(db, push_service, await add_user(db, reminder_mode="daily_summary"))
    await ann.add_device()
    first, second = await add_program(db, ann.id, [(TODAY, [0]), (TODAY, [1])])
    await notifications.plan_users(ctx, [ann.id])
    clock.moment = TONIGHT
    await do_methods(db, first)
    assert await sender.run(5) == {"sent": 1}
    assert ann.received()[0]["payload"]["body"] == "Je hebt vandaag 1 geplande activiteit."
    await revive(db)
    await do_methods(db, second)
    assert await sender.run(5) == {"cancelled": 1}


async def test_F9_a_goal_done_since_planning_is_not_reminded(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = Ann(db, push_service, await add_user(db))
    await ann.add_device()
    goals = [await add_goal(db, ann.id, ["Maandag"], name) for name in ("Lopen", "Lezen", "Weg")]
    await notifications.plan_users(ctx, [ann.id])
    await do_goal(db, goals[0], TODAY)
    await db.execute("UPDATE personal_goals SET status = 'Verwijderd' WHERE id = $1", goals[2])
    clock.moment = TONIGHT
    assert await sender.run(5) == {"cancelled": 2, "sent": 1}
    assert [one["payload"]["personalGoalName"] for one in ann.received()] == ["Lezen"]


async def test_F8_a_backlog_is_sent_late_but_not_at_night_nor_the_next_day(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ends = {}
    for at in ("2026-02-23T17:40", "2026-02-23T22:00", "2026-02-24T08:00"):
        ann = await make_ann(ctx, db, push_service, clock)
        clock.moment = moment(at)
        await sender.run(5)
        ends[at[8:]] = (await ann.job())["status"], len(ann.received())
    assert ends == {
        "23T17:40": ("sent", 1),
        "23T22:00": ("skipped_quiet_hours", 0),
        "24T08:00": ("cancelled", 0),
    }


async def test_S3_without_a_device_it_is_cancelled(db: Database, ann: Ann, sender: Sender) -> None:
    await db.execute("UPDATE push_subscriptions SET status = 'revoked'")
    assert await sender.run(5) == {"cancelled": 1}
    assert (await ann.job())["last_error"] == "no active subscription"


async def test_a_lead_of_a_day_that_comes_a_day_late_says_today(
    ctx: Context, db: Database, push_service: PushStandIn, clock: ManualClock, sender: Sender
) -> None:
    ann = Ann(db, push_service, await add_user(db, reminder_mode="session", lead_minutes=1440))
    await ann.add_device()
    await add_program(db, ann.id, [(date(2026, 2, 24), [0])])
    await notifications.plan_users(ctx, [ann.id])
    assert "morgen" in (await ann.job())["payload"]["body"]
    clock.moment = moment("2026-02-24T08:00")
    await sender.run(5)
    assert "vandaag" in ann.received()[0]["payload"]["body"]
