"""What makes the sync fast, without a clock: full batches, and new records before the rest."""

import asyncio
import random

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.gateway import Gateway
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.sync.outbound import Outbound
from api._lib.sync.schemas import SchemaBook
from tasks.dev.airtable.testing import AirtableServer
from tests.airtable import with_settings
from tests.sync.compare import differences
from tests.sync.world import MONDAY, World

RECORDS = 500
KINDS = 6
PROGRESS = """
SELECT count(*) FILTER (WHERE attempt_count > 0), count(worker_id), count(processed_at)
FROM outbox_events
"""


async def backlog(world: World) -> None:
    """Five hundred records of six kinds."""
    program, sessions = await world.program(sessions=90)
    for session in sessions[:70]:
        await world.add(
            E.METHOD_USAGE,
            method_id=random.choice(world.methods),
            completed_on=MONDAY,
            points=5,
            program_id=program,
            session_id=session,
        )
    for number in range(60):
        goal = await world.add(E.PERSONAL_GOAL, name=f"Doel {number}")
        await world.add(E.PERSONAL_GOAL_USAGE, personal_goal_id=goal, completed_on=MONDAY)
        await world.add(E.PERSOONLIJKE_OVERTUIGING, name=f"Zin {number}", program_id=program)
    for day in range(159):
        await world.tick(day=day)


async def test_O16_a_backlog_goes_out_in_full_batches(
    airtable: AirtableServer, world: World, db: Database, outbound: Outbound
) -> None:
    """Ten records a request, but for the last of each kind and what waited for its parent."""
    await backlog(world)
    assert await outbound.drain() == RECORDS
    assert await differences(db, airtable) == []
    assert len(world.writes()) <= RECORDS // 10 + KINDS


async def test_what_somebody_did_arrives_before_what_it_counts_for(
    world: World, db: Database, gateway: Gateway
) -> None:
    """One request at a time, as two under way may overtake each other on their way."""
    single = with_settings(world.settings, airtable_max_concurrency=1)
    await world.tick_with_rewards(day=0)
    await Outbound(db, gateway, single, "worker-1").drain()
    tables = world.settings.airtable_tables
    assert [request["table"] for request in world.writes()] == [
        tables["goedeGewoonteGebruik"],
        tables["users"],
    ]


async def test_what_comes_while_a_batch_waits_for_its_slot_travels_together(
    airtable: AirtableServer, world: World, db: Database, cache: Cache, gateway: Gateway
) -> None:
    """Also when another batch ends meanwhile; else single changes stand in line for slots."""
    await SchemaBook(db, gateway).check()
    slow = Gateway(with_settings(world.settings, airtable_min_interval_ms=2_000), cache, db)
    outbound = Outbound(db, slow, world.settings, "worker-1")

    async def progress() -> tuple[int, int, int]:
        """Events that were tried, that were taken, and that are through."""
        row = await db.fetchrow(PROGRESS)
        return (0, 0, 0) if row is None else tuple(row)

    async def reach(*least: int) -> None:
        async with asyncio.timeout(20):
            while any(now < wanted for now, wanted in zip(await progress(), least, strict=True)):
                await asyncio.sleep(0.01)

    airtable.control.latency(0.5)
    await world.tick(day=0)
    draining = asyncio.create_task(outbound.drain())
    await asyncio.to_thread(airtable.control.wait_for, world.writes)
    for day, least in ((1, (2, 2, 1)), (2, (2, 3, 1)), (3, (2, 4, 1))):
        await world.tick(day=day)
        outbound.wake()
        await reach(*least)
    assert await draining == 4
    assert len(world.writes()) == 3
    assert set(await world.statuses()) == {"processed"}
    await slow.close()
