"""`python tasks/reconcile.py`, run against the stand-in for Airtable and a real Postgres."""

import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from api._lib.context import Context, open_resources
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from api._lib.sync.inbound import filling
from api._lib.sync.locks import exclusive
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.demo import demo_base, demo_views
from tests.tasks import running
from tests.tasks.running import Done

NAME = "reconcile.py"
GOALS = "Persoonlijke doelen"


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """A process that talks to the stand-in with the demo base."""
    airtable.control.load(demo_base(date(2026, 3, 4)), demo_views())
    return environ | airtable.environ | {"AIRTABLE_MIN_INTERVAL_MS": "1"}


@pytest.fixture
def kinds() -> tuple[str, ...]:
    """What a test compares; without names, everything."""
    return ("user", "personal_goal")


@pytest.fixture
async def filled(environ: dict[str, str], kinds: tuple[str, ...]) -> AsyncIterator[Context]:
    """A database that holds what the base holds."""
    async with open_resources(load_settings(environ, Role.TASK)) as resources:
        ctx = Context(resources)
        for step in filling.steps(ctx, 0):
            if step.name != filling.REWARDS and (not kinds or step.name in kinds):
                await filling.fill(ctx, step, lambda done, total: None)
        yield ctx


async def run(environ: dict[str, str], *arguments: str) -> Done:
    return await running.run(NAME, environ, *arguments)


@pytest.mark.parametrize("kinds", [()], ids=["everything"])
async def test_two_equal_stores_end_with_0(environ: dict[str, str], filled: Context) -> None:
    done = await running.run(NAME, environ, python=sys.executable)
    assert done.code == 0, done.out
    assert "programs" in done.out or "program " in done.out
    as_json = await run(environ, "--json")
    assert as_json.body["ok"] is True
    assert len(as_json.body["entities"]) == 21


async def test_differences_end_with_1_and_tell_no_values(
    environ: dict[str, str], filled: Context, airtable: AirtableServer
) -> None:
    [goal, *_] = airtable.control.records(GOALS)
    airtable.control.edit(GOALS, goal["id"], {"Naam": "Iets anders"})
    done = await run(environ, "--entity", "personal_goal")
    assert done.code == 1
    assert f"{goal['id']} name" in done.out
    assert "Iets anders" not in done.out
    shown = await run(environ, "--entity", "personal_goal", "--show-values")
    assert "Iets anders" in shown.out


async def test_a_repair_is_queued_for_the_workers(
    environ: dict[str, str], filled: Context, airtable: AirtableServer
) -> None:
    for goal in airtable.control.records(GOALS):
        airtable.control.edit(GOALS, goal["id"], {"Naam": "Anders"})
    done = await run(environ, "--entity", "personal_goal", "--repair", "--json")
    assert (done.code, done.body["repaired"]) == (1, airtable.control.count(GOALS))
    waiting = "SELECT count(*) FROM outbox_events WHERE status = 'pending'"
    assert await filled.db.fetchval(waiting) == airtable.control.count(GOALS)
    again = await run(environ, "--entity", "personal_goal", "--repair", "--json")
    assert (again.code, again.body["repaired"]) == (0, 0)


async def test_a_table_out_of_reach_ends_with_2(
    environ: dict[str, str], filled: Context, airtable: AirtableServer
) -> None:
    airtable.control.fault(status=503, table=filled.airtable.table_id("personalGoals"), count=0)
    done = await run(environ, "--entity", "personal_goal", "--json")
    assert done.code == 2
    assert done.body["entities"][0]["error"]


async def test_one_comparison_at_a_time(environ: dict[str, str], filled: Context) -> None:
    async with exclusive(filled.db, "reconcile") as mine:
        assert mine
        assert (await run(environ, "--entity", "user")).code == 3


@pytest.mark.parametrize(
    ("missing", "arguments"),
    [
        ("DATABASE_URL", ()),
        ("AIRTABLE_BASE_ID", ()),
        (None, ("--entity", "nothing")),
        (None, ("--since", "yesterday")),
        (None, ("--sample", "0")),
    ],
)
async def test_a_wrong_configuration_ends_with_4(
    environ: dict[str, str], missing: str | None, arguments: tuple[str, ...]
) -> None:
    done = await run({k: v for k, v in environ.items() if k != missing}, *arguments)
    assert done.code == 4


async def test_secrets_may_stand_in_files(
    environ: dict[str, str], filled: Context, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(environ["AIRTABLE_ACCESS_TOKEN"] + "\n")
    plain = {k: v for k, v in environ.items() if k != "AIRTABLE_ACCESS_TOKEN"}
    done = await run(plain | {"AIRTABLE_ACCESS_TOKEN_FILE": str(file)}, "--entity", "user")
    assert done.code == 0, done.err
