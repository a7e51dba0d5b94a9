"""I4: killing any process at any instruction loses no event and doubles no record."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.db import DatabaseUnavailableError
from tasks.dev.services import Postgres, Redis
from tests.scale import scaled
from tests.sync.compare import differences
from tests.sync.walk import Walk
from tests.sync.weather import SHORT, is_drained
from tests.sync.workers import eventually, prepared_worker
from tests.sync.world import World
from tests.sync.zygote import Zygote

TICKS = scaled(300, soak=1_000)
VICTIMS = [("worker", 2), ("redis", 1), ("postgres", 2)]


@pytest.fixture
def durable(postgres: Postgres, database_url: str) -> Iterator[None]:
    """What is committed survives a crash of Postgres, as in production."""
    name = database_url.rpartition("/")[2]
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = on")
    yield
    postgres.start()


async def tick_many(world: World, numbers: Iterator[int]) -> None:
    """Tick until the numbers run out; a tick that Postgres refuses is not counted."""
    for number in numbers:
        try:
            await world.tick(day=number // 3, habit=number % 3)
        except (DatabaseUnavailableError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await asyncio.sleep(0.3)


@pytest.mark.soak
@pytest.mark.usefixtures("durable")
@pytest.mark.parametrize(("victim", "number"), scaled(VICTIMS, soak=[*VICTIMS, ("worker", 1)]))
async def test_I4_kill_in_the_middle_of_many_ticks(
    airtable_environ: dict[str, str],
    world: World,
    postgres: Postgres,
    redis: Redis,
    tmp_path: Path,
    victim: str,
    number: int,
) -> None:
    world.airtable.control.latency(0.02)
    environ = airtable_environ | SHORT
    with ExitStack() as stack:
        running = [
            stack.enter_context(prepared_worker(environ, tmp_path / str(n))) for n in range(number)
        ]
        numbers = iter(range(TICKS))
        ticking = asyncio.gather(*(tick_many(world, numbers) for _ in range(8)))

        async def half_way() -> bool:
            return len(await world.records(E.GOEDE_GEWOONTE_USAGE)) > TICKS // 4

        await eventually(half_way, what="the middle")
        if victim == "worker":
            for worker in running:
                worker.kill()
                worker.start()
        elif victim == "redis":
            redis.kill()
            await asyncio.sleep(0.5)
            redis.start()
        else:
            postgres.kill()
            postgres.start()
        await ticking
        await eventually(lambda: is_drained(world.db), what="the drain")
    committed = await world.db.fetchval("SELECT count(*) FROM habit_completions")
    assert committed > TICKS // 2 if victim == "postgres" else committed == TICKS
    assert await differences(world.db, world.airtable) == []
    assert await world.db.fetchval("SELECT count(*) FROM outbox_dead_letters") == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_I4_kill_during_a_request(
    airtable_environ: dict[str, str], world: World, workers: Zygote, when: str
) -> None:
    """The request hangs, or its answer does, when the worker dies."""
    for day in range(10):
        await world.tick(day=day)
    world.airtable.control.fault(latency=1.5, when=when, method="PATCH")

    async def is_sent() -> bool:
        sent = await world.db.fetchval("SELECT max(attempt_count) FROM outbox_events")
        made = await world.records(E.GOEDE_GEWOONTE_USAGE)
        return sent == 1 and (when == "before" or len(made) == 10)

    environ = airtable_environ | SHORT
    first = workers.start(environ)
    await eventually(is_sent, what="the request")
    workers.kill(first)
    workers.start(environ)
    await eventually(lambda: is_drained(world.db), what="the drain")
    assert await differences(world.db, world.airtable) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(scaled(1, soak=4)))
async def test_I4_kills_at_random_moments(
    airtable_environ: dict[str, str], world: World, workers: Zygote, seed: int
) -> None:
    """Two workers die again and again while people use the app."""
    dice = random.Random(seed)
    walk = Walk(world, dice)
    environ = airtable_environ | SHORT
    for _ in range(2):
        workers.start(environ)
    for _ in range(15):
        await walk.steps(8)
        await asyncio.sleep(dice.uniform(0, 0.08))
        workers.kill(dice.choice(workers.living))
        workers.start(environ)
    await eventually(lambda: is_drained(world.db), what="the drain")
    assert await differences(world.db, world.airtable) == []
    assert await world.db.fetchval("SELECT count(*) FROM outbox_dead_letters") == 0
