"""`python tasks/flags.py`: what operators see of the flags, and how it ends."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from datetime import date

import msgspec
import pytest

from api._lib.cache import Cache
from api._lib.context import Context, open_resources
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from api._lib.sync.inbound import filling
from api._lib.sync.locks import exclusive
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.demo import demo_base, demo_views
from tasks.flags import parse, show
from tests.tasks.migrations import ROOT

TASK = [sys.executable, str(ROOT / "tasks" / "flags.py")]
SWITCH = "DATA_BACKEND_OVERTUIGINGEN=postgres_shadow_read"


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """A process that talks to the stand-in with the demo base."""
    airtable.control.load(demo_base(date(2026, 3, 4)), demo_views())
    own = {"AIRTABLE_MIN_INTERVAL_MS": "1", "DATA_BACKEND_OVERTUIGINGEN": "airtable_only"}
    return environ | airtable.environ | own


@pytest.fixture
async def filled(environ: dict[str, str]) -> AsyncIterator[Context]:
    """A database with the content of the base."""
    async with open_resources(load_settings(environ, Role.TASK)) as resources:
        ctx = Context(resources)
        for step in filling.steps(ctx, 0):
            if step.name in ("goals", "methods", "overtuigingen", "mindsetCategories"):
                await filling.fill(ctx, step, lambda done, total: None)
        yield ctx


async def run(environ: dict[str, str], *arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *TASK, *arguments, env=environ, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_a_switch_that_loses_nothing_ends_with_0(
    environ: dict[str, str], filled: Context
) -> None:
    code, out, err = await run(environ, "preflight", SWITCH)
    assert code == 0, out + err
    assert "OVERTUIGINGEN: airtable_only -> postgres_shadow_read" in out
    assert "ok      OVERTUIGINGEN: overtuigingen is the same in both stores" in out
    assert "May be switched" in out


async def test_a_switch_that_lacks_something_ends_with_1_and_names_it(
    environ: dict[str, str], filled: Context
) -> None:
    await filled.db.execute("DELETE FROM sync_gates WHERE key = 'backfill:overtuigingen'")
    code, out, _ = await run(environ, "preflight", SWITCH)
    assert code == 1
    assert "python tasks/backfill.py --only overtuigingen" in out
    assert "Must not be switched yet" in out


async def test_airtable_out_of_reach_ends_with_2(
    environ: dict[str, str], filled: Context, airtable: AirtableServer
) -> None:
    airtable.control.fault(status=503, count=0)
    assert (await run(environ, "preflight", SWITCH))[0] == 2


async def test_one_comparison_at_a_time(environ: dict[str, str], filled: Context) -> None:
    async with exclusive(filled.db, "reconcile") as mine:
        assert mine
        assert (await run(environ, "preflight", SWITCH))[0] == 3


async def test_without_credentials_nothing_can_be_compared(environ: dict[str, str]) -> None:
    poor = {name: value for name, value in environ.items() if name != "AIRTABLE_BASE_ID"}
    code, _, err = await run(poor, "preflight", SWITCH)
    assert code == 4
    assert "AIRTABLE_BASE_ID" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["preflight"],
        ["preflight", "NOTHING=postgres_only"],
        ["preflight", "PROGRAMS=postgres"],
        ["preflight", "PROGRAMS"],
    ],
)
def test_arguments_without_sense_end_with_4(
    arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 4
    assert "usage" in capsys.readouterr().err


async def test_every_flag_is_shown_beside_that_of_the_workers(
    environ: dict[str, str], cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(environ, Role.TASK)
    theirs = {flag: mode.value for flag, mode in settings.backends.items()}
    await cache.set("sync:status", msgspec.json.encode({"flags": theirs}), 60)
    assert await show(settings) == 0
    shown = capsys.readouterr().out
    assert all(flag in shown for flag in theirs)
    assert "program_schedule" in shown
    assert "postgres_primary" in shown
    theirs["METHODS"] = "postgres_only"
    await cache.set("sync:status", msgspec.json.encode({"flags": theirs}), 60)
    assert await show(settings) == 1
    assert "the workers have another DATA_BACKEND_METHODS" in capsys.readouterr().out


async def test_flags_that_may_not_stand_together_are_told(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = load_settings(environ | {"DATA_BACKEND_PROGRAMS": "airtable_only"}, Role.TASK)
    assert await show(mixed) == 1
    assert "DATA_BACKEND_METHOD_USAGE is in a Postgres mode" in capsys.readouterr().out


async def test_F5_a_flag_that_does_not_exist_is_told(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    mistyped = load_settings(environ | {"DATA_BACKEND_HABITS": "airtable_only"}, Role.TASK)
    assert await show(mistyped) == 1
    assert "DATA_BACKEND_HABITS is no flag" in capsys.readouterr().out
