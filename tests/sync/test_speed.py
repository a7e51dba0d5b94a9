"""What makes the sync fast, without a clock: full batches, and new records before the rest."""

import random

from api._lib.airtable.entities import EntityType as E
from api._lib.db import Database
from api._lib.sync.outbound import Outbound
from tasks.dev.airtable.testing import AirtableServer
from tests.sync.compare import differences
from tests.sync.world import MONDAY, World

RECORDS = 500
KINDS = 6


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
    world: World, outbound: Outbound
) -> None:
    await world.tick_with_rewards(day=0)
    await outbound.drain()
    tables = world.settings.airtable_tables
    assert [request["table"] for request in world.writes()] == [
        tables["goedeGewoonteGebruik"],
        tables["users"],
    ]
