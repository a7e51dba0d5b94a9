"""Any weather: random use, kills and failures always end with both stores equal."""

import asyncio
import random
from typing import Any

import pytest

from api._lib.sync import letters
from api._lib.sync.letters import Search
from tests.sync.compare import differences
from tests.sync.test_I4_killing_loses_and_doubles_nothing import SHORT, is_drained
from tests.sync.walk import Walk
from tests.sync.workers import eventually
from tests.sync.world import World
from tests.sync.zygote import Zygote, zygote

ROUNDS = 14
FAULTS: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503, "when": "after"},
    {"drop": True},
    {"drop": True, "when": "after"},
    {"status": 429},
    {"status": 422, "kind": "CANNOT_SAVE", "message": "no"},
    {"latency": 0.15},
]


async def disturb(world: World, source: Zygote, dice: random.Random) -> None:
    """One bad thing: a failure of Airtable, a kill, or a Redis that forgets."""
    event = dice.choice(["fault", "fault", "fault", "kill", "forget"])
    if event == "fault":
        method = dice.choice(["PATCH", "PATCH", "DELETE"])
        fault = dice.choice(FAULTS)
        world.airtable.control.fault(method=method, count=dice.randint(1, 3), **fault)
    elif event == "kill":
        source.kill(dice.choice(source.living))
        source.start()
    else:
        await world.redis_forgets()


async def settle(world: World) -> None:
    """The weather clears: nothing fails any more, and operators replay what died."""
    world.airtable.control.clear_faults()

    async def is_settled() -> bool:
        await letters.replay_matching(world.db, Search())
        await world.redis_forgets()
        await world.db.execute(
            "UPDATE outbox_events SET next_attempt_at = now() WHERE status = 'pending'"
        )
        return await is_drained(world.db) and not await letters.find_letters(world.db, Search(), 1)

    await eventually(is_settled, what="the end")


@pytest.mark.parametrize("seed", range(5))
async def test_I2_I4_I5_any_walk_ends_with_equal_stores(
    airtable_environ: dict[str, str], world: World, seed: int
) -> None:
    dice = random.Random(seed)
    walk = Walk(world, dice)
    with zygote(airtable_environ | SHORT) as source:
        for _ in range(dice.randint(1, 3)):
            source.start()
        for _ in range(ROUNDS):
            await walk.steps(8)
            await disturb(world, source, dice)
            await asyncio.sleep(dice.uniform(0, 0.1))
        await settle(world)
    assert await differences(world.db, world.airtable) == []
    ended = "SELECT count(*) FROM outbox_events WHERE status NOT IN ('processed', 'superseded')"
    assert await world.db.fetchval(ended) == 0
