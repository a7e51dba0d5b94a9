"""The worker as a process: it starts, sends, reports, and stops in good order."""

import signal
import subprocess
from pathlib import Path

from api._lib.airtable.entities import EntityType as E
from api._lib.cache import Cache
from tests.prepared import prepared_python
from tests.sync.workers import ROOT, eventually, worker_process
from tests.sync.world import World


async def test_a_tick_reaches_airtable_and_the_worker_stops_at_once(
    airtable_environ: dict[str, str], world: World, cache: Cache, tmp_path: Path
) -> None:
    with worker_process(airtable_environ, tmp_path) as worker:
        tick = await world.tick()

        async def arrived() -> bool:
            return str(tick) in await world.records(E.GOEDE_GEWOONTE_USAGE)

        await eventually(arrived, what="the arrival of the tick")
        await eventually(lambda: cache.get("sync:status"), what="the status")
        worker.signal(signal.SIGTERM)
        assert worker.wait(10) == 0
        assert '"event":"stopped"' in worker.log
        assert "Traceback" not in worker.log


def settings_of(environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [prepared_python(), "-m", "saq", "api.workers.sync_worker.settings"]
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **environ}
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )


def test_a_bad_setting_ends_the_start_with_its_name(airtable_environ: dict[str, str]) -> None:
    ended = settings_of(airtable_environ | {"SYNC_BATCH_SIZE": "abc"})
    assert ended.returncode == 1
    assert "SYNC_BATCH_SIZE" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_forbidden_combination_of_flags_ends_the_start(airtable_environ: dict[str, str]) -> None:
    ended = settings_of(airtable_environ | {"DATA_BACKEND_PROGRAMS": "airtable_only"})
    assert ended.returncode == 1
    assert "DATA_BACKEND_METHOD_USAGE" in ended.stderr
