"""The promised figures: 45 records a second with the real limit, half a second for a tick."""

import asyncio
import random
import time
from pathlib import Path
from statistics import median

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.gateway import Gateway
from api._lib.cache import Cache
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.airtable import with_settings
from tests.sync.compare import differences
from tests.sync.workers import eventually, worker_process
from tests.sync.world import MONDAY, World

REAL = {"AIRTABLE_MIN_INTERVAL_MS": "210"}


async def backlog(world: World) -> None:
    """Five hundred records of all kinds."""
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


async def test_a_backlog_drains_at_nine_tenths_of_the_limit(
    airtable: AirtableServer, world: World, cache: Cache, db: Database, settings: Settings
) -> None:
    await backlog(world)
    airtable.control.limits(enabled=True)
    real = with_settings(settings, airtable_min_interval_ms=210)
    gateway = Gateway(real, cache, db)
    outbound = Outbound(db, gateway, real, "worker-1")
    await outbound.schema_book.load()
    began = time.monotonic()
    await outbound.drain()
    seconds = time.monotonic() - began
    assert await differences(db, airtable) == []
    assert {request["status"] for request in airtable.control.requests()} == {200}
    records = await db.fetchval("SELECT count(*) FROM outbox_events WHERE status = 'processed'")
    print(f"{records} records in {seconds:.1f} s, {records / seconds:.1f} per second")
    assert records / seconds >= 45
    await gateway.close()


async def test_a_single_tick_arrives_within_half_a_second(
    airtable: AirtableServer, airtable_environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    airtable.control.limits(enabled=True)
    with worker_process(airtable_environ | REAL, tmp_path) as worker:
        await eventually(lambda: _has_started(worker.log), what="the start")
        delays = [await _delay(world, day) for day in range(9)]
    print("delays:", [round(delay, 2) for delay in sorted(delays)])
    assert median(delays) < 0.5
    assert max(delays) < 2


async def _has_started(log: str) -> bool:
    return "starting" in log


async def _delay(world: World, day: int) -> float:
    tick = await world.tick_with_rewards(day)
    committed = time.monotonic()

    async def arrived() -> bool:
        return str(tick) in await world.records(E.GOEDE_GEWOONTE_USAGE)

    await eventually(arrived, what="the tick")
    delay = time.monotonic() - committed
    await asyncio.sleep(0.7)
    return delay
