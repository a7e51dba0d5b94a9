"""I12: every event ends processed, superseded, or as a visible dead letter; none disappears."""

import asyncio

from api._lib.airtable.entities import EntityType as E
from api._lib.sync.claims import claim, count_attempt
from api._lib.sync.outbound import Outbound
from api._lib.sync.reaper import reap
from tests.sync.world import World
from tests.waiting import until_somebody_waits

EXPIRE = "UPDATE outbox_events SET lease_until = now() - interval '1 second'"


async def test_O2_an_expired_lease_returns_what_was_never_sent_as_it_was(world: World) -> None:
    await world.tick()
    await claim(world.db, 10, 120, "dead")
    await world.db.execute(EXPIRE)
    assert await reap(world.db, world.settings) == 1
    (event,) = await world.events()
    assert (event["status"], event["attempt_count"]) == ("pending", 0)
    assert event["error_class"] is None


async def test_O2_an_expired_lease_after_sending_keeps_its_try(
    world: World, outbound: Outbound
) -> None:
    await world.tick()
    await count_attempt(world.db, await claim(world.db, 10, 120, "dead"))
    await world.db.execute(EXPIRE)
    await reap(world.db, world.settings)
    (event,) = await world.events()
    assert (event["status"], event["attempt_count"]) == ("pending", 1)
    assert event["error_class"] == "ambiguous"
    await outbound.drain()
    assert await world.statuses() == ["processed"]


async def test_a_living_lease_is_left_alone(world: World) -> None:
    await world.tick()
    await claim(world.db, 10, 120, "alive")
    assert await reap(world.db, world.settings) == 0
    assert await world.statuses() == ["processing"]


async def test_an_event_that_kills_its_worker_again_and_again_dies(world: World) -> None:
    await world.tick()
    for _ in range(6):
        await count_attempt(world.db, await claim(world.db, 10, 120, "dead"))
        await world.db.execute(EXPIRE)
        await reap(world.db, world.settings)
    assert await world.statuses() == ["dead_letter"]
    assert await world.db.fetchval("SELECT attempts FROM outbox_dead_letters") == 6


async def test_example_3_O4_a_crash_after_the_create_doubles_nothing(
    world: World, outbound: Outbound
) -> None:
    _, sessions = await world.program(sessions=10)
    world.airtable.control.fault(
        drop=True, when="after", table=world.settings.airtable_tables["programmaplanning"]
    )
    await outbound.drain()
    assert len(await world.records(E.PROGRAM_SCHEDULE)) == 10
    assert await world.record_id(E.PROGRAM_SCHEDULE, sessions[0]) is None
    await world.db.execute(
        "UPDATE outbox_events SET next_attempt_at = now() WHERE status = 'pending'"
    )
    await outbound.drain()
    assert len(await world.records(E.PROGRAM_SCHEDULE)) == 10
    assert await world.record_id(E.PROGRAM_SCHEDULE, sessions[0]) is not None
    tries = {e["attempt_count"] for e in await world.events() if e["entity_type"] != "program"}
    assert tries == {2}


async def test_a_deadlock_with_somebody_else_is_no_failure(
    world: World, outbound: Outbound
) -> None:
    tick = await world.tick()
    await outbound.drain()
    await world.untick(tick)
    async with world.db.transaction() as tx:
        # Of the two, the worker finds out first.
        await tx.execute("SET LOCAL deadlock_timeout = '20s'")
        await tx.execute("SELECT FROM airtable_links FOR UPDATE")
        draining = asyncio.create_task(outbound.drain())
        await until_somebody_waits(world.db)
        await tx.execute("UPDATE outbox_events SET priority = priority")
    await draining
    assert await world.statuses() == ["processed", "processed"]
    assert [event["attempt_count"] for event in await world.events()] == [1, 1]


async def test_a_stop_gives_back_what_was_not_started(world: World, outbound: Outbound) -> None:
    for day in range(60):
        await world.tick(day=day)
    world.airtable.control.fault(latency=0.3, method="PATCH", count=0)
    outbound.stop()
    assert await outbound.drain() == 0
    assert set(await world.statuses()) == {"pending"}


async def test_bugs_are_retried_and_told_apart(world: World, outbound: Outbound) -> None:
    """An answer that nobody foresaw ends in our own code."""
    await world.tick()
    world.airtable.control.fault(status=200, kind="NONSENSE", method="PATCH")
    await outbound.drain()
    (event,) = await world.events()
    assert (event["status"], event["error_class"]) == ("pending", "bug")
    assert event["last_error"].startswith("bug ")
    await world.let_go()
    await outbound.drain()
    assert await world.statuses() == ["processed"]
