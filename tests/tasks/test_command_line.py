"""What all operators' tasks say when they cannot do their work."""

import asyncio
import signal

import pytest

from tasks.dev.airtable.testing import AirtableServer
from tests.tasks.migrations import ROOT
from tests.tasks.running import ended, run, start

TASKS = {
    ("dead_letters.py", "list"): 1,
    ("flags.py", "preflight", "METHODS=postgres_only"): 2,
    ("password_reset.py", "an@voorbeeld.test"): 1,
    ("reconcile.py", "--counts-only"): 2,
    ("rewards_recalculate.py",): 1,
    ("backfill.py",): 1,
}
AWAY = "postgresql://mfa:hush@127.0.0.1:9/mfa"


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """Settings with which every task starts."""
    return environ | airtable.environ


@pytest.mark.parametrize(("command", "code"), TASKS.items(), ids=lambda value: str(value))
async def test_a_database_that_is_away_is_told_with_its_reason(
    environ: dict[str, str], command: tuple[str, ...], code: int
) -> None:
    done = await run(command[0], environ | {"DATABASE_URL": AWAY}, *command[1:])
    assert "cannot be reached (ConnectionRefusedError)" in done.err
    assert "Traceback" not in done.err
    assert done.code == code


@pytest.mark.parametrize(("command", "code"), TASKS.items(), ids=lambda value: str(value))
async def test_a_database_without_our_tables_is_told_and_how_to_make_them(
    environ: dict[str, str], empty_database_url: str, command: tuple[str, ...], code: int
) -> None:
    done = await run(command[0], environ | {"DATABASE_URL": empty_database_url}, *command[1:])
    assert "python tasks/db_migrate.py" in done.err
    assert "Traceback" not in done.err
    assert done.code == code


async def test_every_task_explains_itself_and_refuses_what_it_does_not_know(
    environ: dict[str, str],
) -> None:
    names = sorted(
        path.name for path in (ROOT / "tasks").glob("*.py") if '"__main__"' in path.read_text()
    )
    assert "push_keys.py" in names
    explained = await asyncio.gather(*(run(name, environ, "--help") for name in names))
    assert not [name for name, done in zip(names, explained, strict=True) if done.code]
    assert not [done.out for done in explained if not done.out.startswith("usage: ")]
    refused = await asyncio.gather(*(run(name, environ, "--no-such-thing") for name in names))
    assert not [name for name, done in zip(names, refused, strict=True) if not done.code]
    assert not [done.out for done in refused if done.out]


async def test_ctrl_c_ends_a_task_without_a_trace(
    environ: dict[str, str], airtable: AirtableServer
) -> None:
    airtable.control.latency(2)
    running = await start("airtable_setup.py", environ)
    async with asyncio.timeout(60):
        while not airtable.control.requests():
            await asyncio.sleep(0.05)
    running.send_signal(signal.SIGINT)
    done = await ended(running)
    assert done.code == 130
    assert done.err == "Interrupted.\n"
