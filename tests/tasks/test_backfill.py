"""`python tasks/backfill.py`, run against the stand-in for Airtable and a real Postgres."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import date

import pytest

from api._lib.airtable.mapping import ENTITIES
from api._lib.db import Database
from api._lib.settings import Role
from api._lib.settings_loader import load_settings
from api._lib.sync.locks import exclusive
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.demo import demo_base, demo_views
from tests.tasks import running
from tests.tasks.running import Done

NAME = "backfill.py"


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """A process that talks to the stand-in with the demo base."""
    airtable.control.load(demo_base(date(2026, 3, 4)), demo_views())
    return environ | airtable.environ | {"AIRTABLE_MIN_INTERVAL_MS": "1"}


@pytest.fixture
async def db(environ: dict[str, str]) -> AsyncIterator[Database]:
    """The database that is filled."""
    database = await Database.connect(load_settings(environ, Role.TASK))
    yield database
    await database.close()


async def run(environ: dict[str, str], *arguments: str) -> Done:
    return await running.run(NAME, environ, *arguments)


async def counts(db: Database) -> dict[str, int]:
    relations = [entity.relation for entity in ENTITIES.values()]
    return {r: await db.fetchval(f"SELECT count(*) FROM {r}") for r in [*relations, "methods"]}


def expected(airtable: AirtableServer) -> dict[str, int]:
    tables = {entity.relation: entity.table.title for entity in ENTITIES.values()}
    return {r: airtable.control.count(t) for r, t in (tables | {"methods": "Methodes"}).items()}


async def versions(db: Database) -> list[str]:
    relations = [*(entity.relation for entity in ENTITIES.values()), "methods", "airtable_links"]
    found = []
    for relation in [*relations, "user_rewards", "reward_ledger", "notification_jobs"]:
        rows = await db.fetch(f"SELECT t::text AS row FROM {relation} t ORDER BY 1")
        found += [row["row"] for row in rows]
    return found


async def test_everything_is_filled_in_and_a_second_time_nothing_changes(
    environ: dict[str, str], airtable: AirtableServer, db: Database
) -> None:
    first = await running.run(NAME, environ, python=sys.executable)
    assert first.code == 0, first.err
    assert await counts(db) == expected(airtable)
    gates = await db.fetch("SELECT key FROM sync_gates WHERE last_ok_at IS NOT NULL")
    keys = {row["key"] for row in gates}
    assert {"full", "backfill:methods", "backfill:user", "backfill:rewards"} <= keys
    assert {f"backfill:{kind}" for kind in ENTITIES if kind != "user"} <= keys
    before = await versions(db)
    second = await run(environ)
    assert second.code == 0, second.err
    assert await versions(db) == before


async def test_it_goes_on_after_a_kill(
    environ: dict[str, str], airtable: AirtableServer, db: Database
) -> None:
    airtable.control.latency(0.05)
    process = await running.start(NAME, environ)
    async with asyncio.timeout(30):
        while not await db.fetchval("SELECT count(*) FROM programs"):
            await asyncio.sleep(0.01)
    process.kill()
    await process.communicate()
    airtable.control.latency(0)
    done = await run(environ, "--missing")
    assert done.code == 0, done.err
    assert "methods" not in done.out
    assert await counts(db) == expected(airtable)


async def test_a_dry_run_tells_what_is_new_and_stores_nothing(
    environ: dict[str, str], airtable: AirtableServer, db: Database
) -> None:
    done = await run(
        environ, "--dry-run", "--only", "methods", "--only", "program", "--only", "user"
    )
    assert done.code == 0, done.err
    assert set((await counts(db)).values()) == {0}
    [line] = [line.split() for line in done.out.splitlines() if line.startswith("methods")]
    count = airtable.control.count("Methodes")
    assert line[1:3] == [str(count), str(count)]


async def test_one_kind_by_itself(environ: dict[str, str], db: Database) -> None:
    done = await run(environ, "--only", "goedeGewoontes", "--no-plan")
    assert done.code == 0, done.err
    assert await db.fetchval("SELECT count(*) FROM habits") > 0
    assert await db.fetchval("SELECT count(*) FROM methods") == 0


async def test_records_that_cannot_be_taken_are_named_with_the_reason(
    environ: dict[str, str], airtable: AirtableServer
) -> None:
    record = airtable.control.create("Programmaplanning", {"Datum": "2026-03-04"})
    done = await run(environ)
    assert done.code == 1
    assert f"{record} belongs to no program we know" in done.err


async def test_one_table_out_of_reach_does_not_stop_the_others(
    environ: dict[str, str], airtable: AirtableServer, db: Database
) -> None:
    airtable.control.fault(status=503, table="tblHmI6cSujof3KHu", count=0)
    done = await run(environ)
    assert done.code == 1
    assert "programPrompts" in done.err
    assert await counts(db) == expected(airtable)
    airtable.control.clear_faults()
    again = await run(environ, "--missing")
    assert again.code == 0, again.err
    assert await db.fetchval("SELECT count(*) FROM program_prompts") > 0


async def test_while_a_worker_reads_the_same_table_it_waits_and_then_gives_up(
    environ: dict[str, str], db: Database
) -> None:
    async with exclusive(db, "listing:goals") as mine:
        assert mine
        done = await run(environ, "--only", "goals", "--wait", "1")
    assert done.code == 3


async def test_removals_must_be_confirmed_by_name(
    environ: dict[str, str], airtable: AirtableServer, db: Database
) -> None:
    assert (await run(environ, "--only", "methods")).code == 0
    for record in airtable.control.records("Methodes")[:30]:
        airtable.control.delete("Methodes", record["id"])
    refused = await run(environ, "--only", "methods")
    assert refused.code == 1
    assert "--confirm-removals" in refused.err
    archived = "SELECT count(*) FROM methods WHERE archived_at IS NOT NULL"
    assert await db.fetchval(archived) == 0
    assert (await run(environ, "--confirm-removals", "methods")).code == 0
    assert await db.fetchval(archived) == 30


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("AIRTABLE_ACCESS_TOKEN", ()),
        ("DATABASE_URL", ()),
        (None, ("--only", "nothing")),
        (None, ("--confirm-removals", "program")),
    ],
)
async def test_a_wrong_configuration_ends_with_4(
    environ: dict[str, str], name: str | None, arguments: tuple[str, ...]
) -> None:
    done = await run({k: v for k, v in environ.items() if k != name}, *arguments)
    assert done.code == 4
    assert (name or arguments[0]) in done.err
