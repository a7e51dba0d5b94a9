"""What operators see: status keys in Redis, the heartbeat, and the health check of a worker."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from api._lib.airtable.entities import EntityType as E
from api._lib.cache import Cache
from api._lib.outbox import enqueue
from api._lib.settings import Settings
from api._lib.sync import status
from api._lib.sync.heartbeat import fault_of_heartbeat, write_heartbeat
from api._lib.sync.outbound import Outbound
from tests.sync.workers import ROOT
from tests.sync.world import MONDAY, World


async def published(world: World, cache: Cache) -> dict[str, Any]:
    await status.publish(world.db, cache, world.settings, 2)
    stored: dict[str, Any] = msgspec.json.decode(await cache.get("sync:status") or b"")
    return stored


async def test_P2_the_status_is_there_for_a_plain_get(
    world: World, cache: Cache, outbound: Outbound
) -> None:
    await world.tick()
    await outbound.drain()
    await world.tick(day=1)
    seen = await published(world, cache)
    assert seen["state"] == "ok"
    assert seen["workers"] == 2
    assert seen["outbox"]["pending"] == 1
    assert seen["outbox"]["ratePerMinute"] == 1
    assert seen["outbox"]["deliveryP95Seconds"] > 0
    assert seen["airtable"]["connectivity"] == "ok"
    assert seen["airtable"]["breaker"] == "closed"
    assert seen["airtable"]["callsThisMonth"] >= 2
    assert seen["inbound"]["webhook"] == "off"
    assert seen["flags"]["PROGRAMS"] == "postgres_primary"
    assert await cache.get("sync:queue:pending") == b"1"
    assert await cache.get("sync:queue:dead") == b"0"


async def test_all_status_keys_expire(world: World, cache: Cache, outbound: Outbound) -> None:
    await world.tick()
    await outbound.drain()
    await published(world, cache)
    await status.beat(cache, "w", {"at": "now"})
    await outbound.gateway.limiter.report("throttled")
    await outbound.gateway.limiter.report("failure")
    assert cache.client is not None
    keys = [key async for key in cache.client.scan_iter(match="sync:*")]
    lives = {key.decode(): await cache.client.ttl(key) for key in keys}
    assert all(0 < life <= 600 for key, life in lives.items() if ":calls:" not in key)
    assert 0 < next(life for key, life in lives.items() if ":calls:" in key) <= 40 * 86_400
    kinds = {key.split(":")[1] for key in lives}
    assert kinds == {"status", "worker", "calls", "rl", "pause", "breaker", "queue"}


async def test_F1_lag_counts_what_is_processing_but_not_what_is_blocked(
    world: World, cache: Cache, outbound: Outbound
) -> None:
    table = world.settings.airtable_tables["goedeGewoonteGebruik"]
    await world.tick()
    await world.db.execute(
        """UPDATE outbox_events
           SET parked_on = 'table:' || $1, created_at = now() - interval '1 hour'""",
        table,
    )
    assert (await published(world, cache))["outbox"]["oldestSeconds"] is None
    await world.tick(day=1)
    await world.db.execute(
        """UPDATE outbox_events SET status = 'processing', lease_token = gen_random_uuid(),
           created_at = now() - interval '3 minutes' WHERE parked_on IS NULL"""
    )
    seen = await published(world, cache)
    assert seen["outbox"]["oldestSeconds"] >= 180
    assert (seen["outbox"]["blocked"], seen["outbox"]["parked"]) == (1, 1)
    assert seen["state"] == "degraded"


async def test_what_waits_for_a_dead_parent_is_blocked(
    world: World, cache: Cache, outbound: Outbound
) -> None:
    program, (session, _) = await world.program(sessions=2)
    await world.add(
        E.METHOD_USAGE,
        method_id=world.methods[0],
        completed_on=MONDAY,
        points=5,
        program_id=program,
        session_id=session,
    )
    world.airtable.control.fault(
        status=422,
        kind="NO",
        message="no",
        method="PATCH",
        count=0,
        table=world.settings.airtable_tables["programs"],
    )
    await outbound.drain()
    seen = await published(world, cache)
    assert (seen["outbox"]["blocked"], seen["outbox"]["oldestSeconds"]) == (3, None)
    assert (seen["outbox"]["deadLetter"], seen["state"]) == (1, "degraded")


async def test_an_erasure_that_is_open_for_an_hour_is_told(
    world: World, cache: Cache, outbound: Outbound
) -> None:
    tick = await world.tick()
    await outbound.drain()
    async with world.db.transaction() as tx:
        delete = world.deletion(E.GOEDE_GEWOONTE_USAGE, tick)
        await enqueue(tx, [structs.replace(delete, payload={"reason": "erasure"})], always=True)
    assert (await published(world, cache))["outbox"]["lateErasures"] == 0
    await world.db.execute("UPDATE outbox_events SET created_at = now() - interval '61 minutes'")
    seen = await published(world, cache)
    assert (seen["outbox"]["lateErasures"], seen["state"]) == (1, "degraded")
    await outbound.drain()
    assert (await published(world, cache))["outbox"]["lateErasures"] == 0


async def test_a_table_without_app_id_is_named(
    world: World, cache: Cache, outbound: Outbound
) -> None:
    world.airtable.control.drop_field("Programmaplanning", "App ID")
    await outbound.schema_book.check()
    seen = await published(world, cache)
    assert seen["airtable"]["tablesWithoutAppId"] == ["programmaplanning"]
    assert seen["state"] == "degraded"


async def test_half_an_hour_without_a_good_call_is_down(world: World, cache: Cache) -> None:
    await world.db.execute(
        """INSERT INTO sync_gates (key, last_ok_at, last_error)
           VALUES ('airtable', now() - interval '31 minutes', 'TransientError')"""
    )
    assert (await published(world, cache))["state"] == "down"


async def test_calls_survive_the_loss_of_redis(
    world: World, cache: Cache, settings: Settings, outbound: Outbound
) -> None:
    await world.tick()
    await outbound.drain()
    counted = await status.flush_calls(world.db, cache, settings)
    assert counted >= 2
    await world.redis_forgets()
    await world.tick(day=1)
    await outbound.drain()
    for _ in range(2):
        assert await status.flush_calls(world.db, cache, settings) >= counted
    assert await status.flush_calls(world.db, cache, settings) == counted + 1


def test_M11_the_health_check_reads_the_heartbeat(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.json"
    assert fault_of_heartbeat(path) is not None
    write_heartbeat(path, 0.1, {"worker": "w"})
    assert fault_of_heartbeat(path) is None
    assert json.loads(path.read_text())["worker"] == "w"
    write_heartbeat(path, 6, {})
    assert "late" in (fault_of_heartbeat(path) or "")
    path.write_text(json.dumps({"time": time.time() - 31, "lag": 0}))
    assert "old" in (fault_of_heartbeat(path) or "")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"time": "x", "lag": 0}'])
def test_M11_a_broken_heartbeat_is_no_heartbeat(tmp_path: Path, content: str) -> None:
    path = tmp_path / "heartbeat.json"
    path.write_text(content)
    assert fault_of_heartbeat(path) is not None


@pytest.mark.parametrize("fresh", [True, False])
def test_M11_the_check_as_the_container_runs_it(tmp_path: Path, fresh: bool) -> None:
    path = tmp_path / "heartbeat.json"
    if fresh:
        write_heartbeat(path, 0, {})
    environ = {"PATH": os.environ["PATH"], "WORKER_HEARTBEAT_FILE": str(path)}
    command = [sys.executable, str(ROOT / "tasks" / "worker_check.py")]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)
    assert ended.returncode == (0 if fresh else 1)
    assert bool(ended.stderr) is not fresh
