"""A process may end at any line: nothing is lost that was not sent, and nothing is sent twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api._lib.clock import ManualClock
from api._lib.context import Context, Resources, open_resources
from api._lib.db import Database
from api._lib.notifications import service as notifications
from api._lib.notifications.service import Sender
from api._lib.notifications.service.batch import Batch
from api._lib.notifications.store import delivering
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from tasks.dev.push import PushStandIn
from tests.notifications.ann import TONIGHT, Ann, log_of, make_ann
from tests.notifications.seed import PUSH_ENVIRON, jobs

SOON = 30.0
WAITS_TO_NOTE = """
SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
               WHERE NOT l.granted AND a.datname = current_database()
                 AND a.query LIKE '%INSERT INTO notification_deliveries%')"""


async def expire_leases(db: Database) -> None:
    """Let two minutes pass for those who hold a lease."""
    await db.execute(
        "UPDATE notification_jobs SET lease_until = now() - interval '1 second'"
        " WHERE status = 'processing'"
    )


async def until(done: Any) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(SOON):
        while not done():
            await asyncio.sleep(0.005)


async def until_it_notes(db: Database) -> None:
    """Wait until a sender is about to note its attempts, and cannot."""
    async with asyncio.timeout(SOON):
        while not await db.fetchval(WAITS_TO_NOTE):
            await asyncio.sleep(0.01)


async def die_while_sending(resources: Resources, service: PushStandIn, count: int) -> None:
    """A process that ends after its pushes went out, before their answers came.

    It has one claim; how several share what is due is left to chance.
    """
    service.behave(way="hold", times=count)
    claim = await delivering.claim(resources.db, 50, 120, resources.clock.now())
    running = asyncio.create_task(Batch(resources, claim, lambda: False).deal_with())
    await until(lambda: service.arrived == count)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    service.release()


async def test_F5_killed_between_claim_and_send_it_is_sent_later_once(
    ctx: Context, db: Database, ann: Ann, sender: Sender
) -> None:
    await db.execute(
        "UPDATE notification_jobs SET status = 'processing', attempt_count = 1,"
        " lease_token = gen_random_uuid(), lease_until = now() + interval '2 minutes'"
    )
    assert await notifications.reap_leases(ctx) == 0
    assert await sender.run(5) == {}
    await expire_leases(db)
    assert await notifications.reap_leases(ctx) == 1
    assert (await ann.job())["last_error"] == "the worker was interrupted"
    assert await sender.run(5) == {"sent": 1}
    assert len(ann.received()) == 1


async def test_F15_killed_after_sending_it_is_not_sent_again(
    ctx: Context, db: Database, ann: Ann, push_service: PushStandIn, sender: Sender
) -> None:
    await db.execute(
        "UPDATE notification_jobs SET status = 'processing', attempt_count = 1,"
        " lease_token = gen_random_uuid(), lease_until = now() - interval '1 second'"
    )
    await db.execute(
        "INSERT INTO notification_deliveries (job_id, subscription_id, success, error_message)"
        " SELECT j.id, s.id, false, 'no answer was stored' FROM notification_jobs AS j,"
        " push_subscriptions AS s"
    )
    assert await notifications.reap_leases(ctx) == 1
    assert await sender.run(5) == {"sent": 1}
    assert not push_service.attempts


async def test_F15_a_failing_note_after_a_push_is_made_again_and_the_push_is_not(
    db: Database, ann: Ann, sender: Sender
) -> None:
    await db.execute("CREATE SEQUENCE refusals")
    await refuse_notes(db, "WHEN (nextval('refusals') <= 2)")
    assert await sender.run(30) == {"sent": 1}
    assert (await ann.job())["status"] == "sent"
    assert len(ann.received()) == 1
    assert await log_of(db) == [(True, 201, None)]


async def test_F15_notes_that_cannot_be_made_at_all_cost_no_second_push(
    ctx: Context, db: Database, ann: Ann, sender: Sender
) -> None:
    await refuse_notes(db)
    await sender.run(30)
    assert (await ann.job())["status"] == "processing"
    await db.execute("DROP TRIGGER refuse ON notification_deliveries")
    await expire_leases(db)
    await notifications.reap_leases(ctx)
    assert await sender.run(5) == {"sent": 1}
    assert len(ann.received()) == 1


async def refuse_notes(db: Database, when: str = "") -> None:
    """Let the table refuse the outcome of attempts."""
    await refuse(db, "TRIGGER", "BEFORE UPDATE", when=when)


async def refuse(db: Database, kind: str, event: str, how: str = "", when: str = "") -> None:
    """Let the table of attempts refuse something."""
    await db.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'full'; END $$"
    )
    await db.execute(
        f"CREATE {kind} refuse {event} ON notification_deliveries {how}"
        f" FOR EACH ROW {when} EXECUTE FUNCTION refuse()"
    )


@pytest.mark.parametrize(
    ("noted", "status"),
    [
        (None, "dead_letter"),
        ("false, 'refused'", "dead_letter"),
        ("true, NULL", "sent"),
        ("false, 'no answer was stored'", "sent"),
    ],
)
async def test_with_its_attempts_used_up_a_reminder_is_not_taken_up_again(
    ctx: Context, db: Database, ann: Ann, noted: str | None, status: str
) -> None:
    await db.execute(
        "UPDATE notification_jobs SET status = 'processing', attempt_count = 6,"
        " lease_token = gen_random_uuid(), lease_until = now() - interval '1 second'"
    )
    if noted:
        await db.execute(
            "INSERT INTO notification_deliveries (job_id, subscription_id, success, error_message)"
            f" SELECT j.id, s.id, {noted} FROM notification_jobs AS j, push_subscriptions AS s"
        )
    await notifications.reap_leases(ctx)
    assert (await ann.job())["status"] == status


async def test_S1_a_lease_that_was_lost_decides_nothing_any_more(
    ctx: Context, db: Database, ann: Ann, push_service: PushStandIn, sender: Sender
) -> None:
    """F7: what somebody cancelled meanwhile stays cancelled."""
    push_service.behave(status=503, way="hold")
    running = asyncio.create_task(sender.run(5))
    await until(lambda: push_service.arrived)
    await db.execute(
        "UPDATE notification_jobs SET status = 'cancelled', lease_token = NULL, lease_until = NULL"
        " WHERE status = 'processing'"
    )
    push_service.release()
    await running
    assert (await ann.job())["status"] == "cancelled"


async def test_S1_a_lease_that_was_lost_before_the_attempt_was_noted_sends_nothing(
    db: Database, ann: Ann, push_service: PushStandIn, sender: Sender
) -> None:
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE notification_deliveries IN SHARE MODE")
        running = asyncio.create_task(sender.run(5))
        await until_it_notes(db)
        await tx.execute("UPDATE notification_jobs SET lease_token = gen_random_uuid()")
    await running
    assert not push_service.arrived
    assert (await ann.job())["status"] == "processing"
    assert await log_of(db) == []


async def test_two_senders_share_the_work_and_send_each_once(
    ctx: Context,
    db: Database,
    resources: Resources,
    push_service: PushStandIn,
    clock: ManualClock,
    sender: Sender,
) -> None:
    people = [await make_ann(ctx, db, push_service, clock) for _ in range(60)]
    other = Sender(resources, asyncio.Event())
    first, second = await asyncio.gather(sender.run(30), other.run(30))
    assert first.get("sent", 0) + second.get("sent", 0) == 60
    assert [len(person.received()) for person in people] == [1] * 60


async def test_a_second_run_in_one_process_has_nothing_to_add(ann: Ann, sender: Sender) -> None:
    assert list(await asyncio.gather(sender.run(5), sender.run(5))) == [{"sent": 1}, {}]


async def test_M10_a_stop_gives_back_what_was_not_started_uncounted(
    environ: dict[str, str],
    ctx: Context,
    db: Database,
    push_service: PushStandIn,
    clock: ManualClock,
) -> None:
    people = [await make_ann(ctx, db, push_service, clock) for _ in range(70)]
    push_service.behave(delay_seconds=1)
    big = {**environ, **PUSH_ENVIRON, "NOTIFICATION_BATCH_SIZE": "70"}
    stop = asyncio.Event()
    async with open_resources(load_settings(big, Role.APP), clock=clock) as opened:
        running = asyncio.create_task(Sender(opened, stop).run(30))
        await until(lambda: push_service.arrived >= 20)
        stop.set()
        counts = await running
    sent, left = counts["sent"], 70 - counts["sent"]
    assert sent == push_service.arrived == len(push_service.messages)
    attempts = [(job["status"], job["attempt_count"]) for job in await jobs(db)]
    assert sorted(attempts) == [("pending", 0)] * left + [("sent", 1)] * sent
    clock.moment = TONIGHT + timedelta(minutes=1)
    push_service.reset()
    async with open_resources(load_settings(big, Role.APP), clock=clock) as opened:
        assert (await Sender(opened, asyncio.Event()).run(30)).get("sent", 0) == left
    assert [len(person.received()) for person in people if person.received()] == [1] * left


async def test_F5_killed_while_pushes_wait_for_their_turn_those_are_sent_later(
    ctx: Context,
    db: Database,
    resources: Resources,
    push_service: PushStandIn,
    clock: ManualClock,
    sender: Sender,
) -> None:
    """No attempt is noted long before it is made: what was only noted counts as delivered."""
    people = [await make_ann(ctx, db, push_service, clock, devices=20) for _ in range(2)]
    await die_while_sending(resources, push_service, 20)
    await expire_leases(db)
    await notifications.reap_leases(ctx)
    assert await sender.run(5) == {"sent": 2}
    await until(lambda: len(push_service.messages) == 40)
    assert [len(p.received(n)) for p in people for n in range(20)] == [1] * 40


async def test_F5_killed_before_its_attempt_was_noted_nothing_had_been_sent(
    ctx: Context,
    db: Database,
    resources: Resources,
    ann: Ann,
    push_service: PushStandIn,
    sender: Sender,
) -> None:
    async with db.transaction() as tx:
        await tx.execute("LOCK TABLE notification_deliveries IN SHARE MODE")
        running = asyncio.create_task(Sender(resources, asyncio.Event()).run(30))
        await until_it_notes(db)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert not push_service.arrived
    await expire_leases(db)
    await notifications.reap_leases(ctx)
    assert await sender.run(5) == {"sent": 1}
    assert len(ann.received()) == 1


async def test_F15_a_note_that_is_lost_at_its_commit_costs_no_second_push(
    db: Database, ann: Ann, sender: Sender
) -> None:
    await refuse(db, "CONSTRAINT TRIGGER", "AFTER INSERT", "DEFERRABLE INITIALLY DEFERRED")
    assert await sender.run(5) == {"sent": 1}
    assert (await ann.job())["status"] == "sent"
    assert len(ann.received()) == 1
    assert await log_of(db) == []


async def test_F15_attempts_that_cannot_be_noted_are_not_made(
    db: Database, ann: Ann, push_service: PushStandIn, sender: Sender
) -> None:
    await db.execute("ALTER TABLE notification_deliveries ADD CHECK (false) NOT VALID")
    assert await sender.run(1) == {"pending": 1}
    job = await ann.job()
    assert (job["last_error"], job["attempt_count"]) == ("cannot be handled", 1)
    assert not push_service.arrived


async def test_a_cancelled_run_leaves_nothing_to_be_sent_twice(
    ctx: Context,
    db: Database,
    resources: Resources,
    push_service: PushStandIn,
    clock: ManualClock,
    sender: Sender,
) -> None:
    people = [await make_ann(ctx, db, push_service, clock) for _ in range(10)]
    await die_while_sending(resources, push_service, 10)
    await expire_leases(db)
    await notifications.reap_leases(ctx)
    assert await sender.run(5) == {"sent": 10}
    await until(lambda: len(push_service.messages) == 10)
    assert [len(person.received()) for person in people] == [1] * 10
