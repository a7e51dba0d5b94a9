"""Connection strings without the stack's prefix: the logs tell, nothing crashes, all ends well."""

import json
import os
import time
from pathlib import Path

from tasks.dev.child import Child
from tasks.dev.probe import responds
from tests.operations.serving import ROOT, ServerProcess
from tests.operations.tools import worker_command


def bare(environ: dict[str, str]) -> dict[str, str]:
    """Settings whose hosts lack the prefix; here such names lead nowhere."""
    return environ | {
        "DATABASE_URL": "postgresql://mfa:hush@postgres:5432/mfa",
        "REDIS_URL": "redis://redis:6379/0",
        "PG_CONNECT_TIMEOUT_MS": "500",
    }


def wait_for(child: Child, lines: list[str], words: str) -> str:
    """The first line with these words."""
    child.wait_until(lambda: any(words in line for line in lines), 60)
    return next(line for line in lines if words in line)


def test_L5_the_server_serves_degraded_and_tells_the_name_to_use(environ: dict[str, str]) -> None:
    lines: list[str] = []
    server = ServerProcess(os.environ | bare(environ), log=lines.append)
    server.child.start()
    try:
        server.child.wait_until(lambda: responds(f"{server.url}/api/health"))
        told = json.loads(wait_for(server.child, lines, "postgres does not answer"))
        redis = json.loads(wait_for(server.child, lines, "redis is away"))
        server.child.stop(20)
    finally:
        server.child.kill()
    assert "mfa_postgres" in told["hint"]
    assert told["reason"] == "gaierror"
    assert "mfa_redis" in redis["hint"]
    assert server.child.status == 0
    assert not any("hush" in line for line in lines)


def test_L5_the_worker_waits_tells_the_name_to_use_and_can_be_stopped(
    environ: dict[str, str], tmp_path: Path
) -> None:
    lines: list[str] = []
    more = {"WORKER_HEARTBEAT_FILE": str(tmp_path / "heartbeat")}
    whole = {**os.environ, **bare(environ), **more}
    worker = Child("worker", worker_command(), environ=whole, folder=ROOT, log=lines.append)
    worker.start()
    try:
        told = json.loads(wait_for(worker, lines, "not reachable"))
        began = time.monotonic()
        worker.stop(45)
    finally:
        worker.kill()
    assert told["server"] == "postgres"
    assert "mfa_postgres" in told["hint"]
    assert worker.status == 0, worker.last_words()
    assert time.monotonic() - began < 45
    assert not any("hush" in line for line in lines)
