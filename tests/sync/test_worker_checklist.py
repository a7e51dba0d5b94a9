"""What the worker must stand: two of them, kills, stops, no Redis, bad answers, gates."""

import asyncio
import json
import signal
from contextlib import ExitStack
from pathlib import Path

from api._lib.airtable.entities import EntityType as E
from api._lib.sync.gates import claim_run, end_run, read_gate
from tasks.dev.services import Redis
from tests.sync.compare import differences
from tests.sync.weather import SHORT, is_drained
from tests.sync.workers import eventually, prepared_worker
from tests.sync.world import World
from tests.sync.zygote import Zygote


async def test_1_two_workers_keep_order_and_double_nothing(
    airtable_environ: dict[str, str], world: World, workers: Zygote
) -> None:
    goals = [await world.add(E.PERSONAL_GOAL, name="0") for _ in range(50)]
    environ = airtable_environ | SHORT
    workers.start(environ)
    workers.start(environ)
    for round_ in range(1, 10):
        for goal in goals:
            await world.change(E.PERSONAL_GOAL, goal, name=str(round_))
    await eventually(lambda: is_drained(world.db), what="the drain")
    assert await differences(world.db, world.airtable) == []
    stuck = "SELECT count(*) FROM outbox_events WHERE status = 'processing'"
    assert await world.db.fetchval(stuck) == 0
    creates = await world.records(E.PERSONAL_GOAL)
    assert len(creates) == 50


async def test_3_a_stop_in_the_middle_of_a_batch(
    airtable_environ: dict[str, str], world: World, tmp_path: Path
) -> None:
    for day in range(200):
        await world.tick(day=day)
    world.airtable.control.latency(0.3)
    with prepared_worker(airtable_environ | SHORT, tmp_path) as worker:

        async def under_way() -> bool:
            return len(await world.records(E.GOEDE_GEWOONTE_USAGE)) >= 20

        await eventually(under_way, what="the middle")
        worker.signal(signal.SIGTERM)
        assert worker.wait(20) == 0
        assert "Traceback" not in worker.log
        statuses = set(await world.statuses())
        assert statuses <= {"processed", "pending"}
        charged = (
            "SELECT count(*) FROM outbox_events WHERE status = 'pending' AND attempt_count > 0"
        )
        assert await world.db.fetchval(charged) == 0
        made = len(await world.records(E.GOEDE_GEWOONTE_USAGE))
        assert made == (await world.statuses()).count("processed") < 200
        world.airtable.control.latency(0)
        worker.start()
        await eventually(lambda: is_drained(world.db), what="the drain")
    assert await differences(world.db, world.airtable) == []


async def test_4_the_outbox_goes_on_without_redis(
    airtable_environ: dict[str, str], world: World, redis: Redis, tmp_path: Path
) -> None:
    with prepared_worker(airtable_environ | SHORT, tmp_path) as worker:
        await world.tick(day=0)
        await eventually(lambda: is_drained(world.db), what="the first tick")
        redis.kill()
        for day in range(1, 30):
            await world.tick(day=day)
        await eventually(lambda: is_drained(world.db), what="the drain without redis")
        assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 30
        redis.start()
        await world.tick(day=30)
        await eventually(lambda: is_drained(world.db), what="the drain with redis")
        worker.signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    assert await differences(world.db, world.airtable) == []


async def test_5_an_outage_kills_nothing(
    airtable_environ: dict[str, str], world: World, workers: Zygote
) -> None:
    """While the breaker is open nothing is sent, so no tries are used up."""
    for day in range(100):
        await world.tick(day=day)
    world.airtable.control.fault(status=503, count=0)
    environ = airtable_environ | SHORT
    workers.start(environ)

    async def is_open() -> bool:
        return bool([r for r in world.airtable.control.requests() if r["status"] == 503][4:])

    await eventually(is_open, what="five failures")
    refused = len(world.airtable.control.requests())
    await asyncio.sleep(1)
    assert len(world.airtable.control.requests()) <= refused + 3
    assert "dead_letter" not in await world.statuses()
    tries = "SELECT max(attempt_count) FROM outbox_events"
    assert await world.db.fetchval(tries) <= 5


async def test_9_three_workers_run_a_periodic_job_once_per_period(world: World) -> None:
    async def worker() -> int:
        return sum([await claim_run(world.db, "users", 60) for _ in range(5)])

    assert sum(await asyncio.gather(worker(), worker(), worker())) == 1
    await world.db.execute("UPDATE sync_gates SET last_started_at = now() - interval '70 seconds'")
    assert sum(await asyncio.gather(worker(), worker(), worker())) == 1


async def test_a_gate_remembers_how_its_run_ended(world: World) -> None:
    await claim_run(world.db, "users", 60)
    await end_run(world.db, "users", None, {"read": 3})
    await end_run(world.db, "users", "TransientError")
    gate = await read_gate(world.db, "users")
    assert gate is not None
    assert (gate.last_error, gate.counts) == ("TransientError", {"read": 3})
    assert gate.last_ok_at is not None


def test_M9_an_idle_worker_tells_its_settings_and_stops_at_once(
    airtable_environ: dict[str, str], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        worker = stack.enter_context(prepared_worker(airtable_environ, tmp_path))
        asyncio.run(eventually(lambda: _exists(tmp_path / "heartbeat.json"), what="the start"))
        worker.signal(signal.SIGINT)
        assert worker.wait(10) == 0
        (start,) = (line for line in worker.log.splitlines() if '"event":"starting"' in line)
    told = json.loads(start)["settings"]
    assert (told["saq_concurrency"], "airtable_access_token" in told) == (10, False)


async def _exists(path: Path) -> bool:
    return path.exists()
