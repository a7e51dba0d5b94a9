"""Programs import what they need and no more: imports are most of the time of their start."""

import subprocess
import sys

import pytest

from tests.tasks.migrations import ROOT

LIBRARIES = {
    "aiohttp",
    "asyncpg",
    "openai",
    "prometheus_client",
    "pyairtable",
    "pywebpush",
    "redis",
    "requests",
    "saq",
    "starlette",
    "uvicorn",
}


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("tasks.secrets_check", set()),
        ("tasks.worker_check", set()),
        ("tasks.backup", set()),
        ("tasks.push_keys", set()),
        ("tasks.db_migrate", {"asyncpg", "prometheus_client"}),
        # The model, Airtable and push follow when there is a key or something to ask.
        ("api.__main__", {"asyncpg", "prometheus_client", "redis", "starlette", "uvicorn"}),
    ],
)
def test_a_start_imports_only_what_it_needs(module: str, needed: set[str]) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={})
    assert LIBRARIES.intersection(done.stdout.split()) <= needed
