"""`python tasks/airtable_setup.py`, run against the stand-in for Airtable."""

import sys

import pytest

from api._lib.airtable.mapping import WRITABLE_TABLES
from api._lib.db import Database
from tasks.dev.airtable.base import ALL_SCOPES
from tasks.dev.airtable.testing import AirtableServer
from tests.tasks import running
from tests.tasks.running import Done

NAME = "airtable_setup.py"
TITLES = [table.title for table in WRITABLE_TABLES]


@pytest.fixture
def environ(environ: dict[str, str], airtable: AirtableServer) -> dict[str, str]:
    """A process that talks to the stand-in."""
    return environ | airtable.environ | {"AIRTABLE_MIN_INTERVAL_MS": "1"}


async def run(environ: dict[str, str], *arguments: str) -> Done:
    return await running.run(NAME, environ, *arguments)


def without_app_id(airtable: AirtableServer) -> None:
    for title in TITLES:
        airtable.control.drop_field(title, "App ID")


async def test_a_complete_base_needs_nothing(environ: dict[str, str]) -> None:
    done = await running.run(NAME, environ, python=sys.executable)
    assert (done.code, done.out.strip()) == (0, "The base is complete.")


async def test_the_missing_fields_are_added_and_the_workers_know(
    environ: dict[str, str], airtable: AirtableServer, db: Database
) -> None:
    without_app_id(airtable)
    looked = await run(environ, "--check", "--json")
    assert looked.code == 1
    assert {(f["table"], f["trouble"]) for f in looked.body["missing"]} == {
        (table.key, "no_app_id") for table in WRITABLE_TABLES
    }
    done = await run(environ, "--json")
    assert done.code == 0, done.err
    assert set(done.body["added"]) == {table.key for table in WRITABLE_TABLES}
    for title in TITLES:
        assert airtable.control.field_id(title, "App ID")
    known = await db.fetchval("SELECT counts FROM sync_gates WHERE key = 'base'")
    assert known["tablesWithoutAppId"] == []
    assert (await run(environ)).code == 0


async def test_without_the_right_to_add_it_says_so(
    environ: dict[str, str], airtable: AirtableServer
) -> None:
    without_app_id(airtable)
    airtable.control.scopes(set(ALL_SCOPES) - {"schema.bases:write"})
    done = await run(environ)
    assert done.code == 1
    assert "schema.bases:write" in done.err
    assert all(title in done.out for title in TITLES)


async def test_without_the_right_to_look_it_says_so(
    environ: dict[str, str], airtable: AirtableServer
) -> None:
    airtable.control.scopes(set(ALL_SCOPES) - {"schema.bases:read"})
    done = await run(environ)
    assert done.code == 2
    assert "cannot be asked" in done.err


async def test_other_trouble_is_named_but_left_to_people(
    environ: dict[str, str], airtable: AirtableServer
) -> None:
    airtable.control.drop_view("Methodes", "App")
    airtable.control.drop_field("Doelstellingen", "Beschrijving")
    airtable.control.retype_field("Gebruikers", "App ID", "number")
    done = await run(environ, "--json")
    assert done.code == 1
    assert {(f["table"], f["trouble"]) for f in done.body["missing"]} == {
        ("methods", "no_view"),
        ("goals", "no_field"),
        ("users", "wrong_app_id"),
    }


@pytest.mark.parametrize("name", ["AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID", "DATABASE_URL"])
async def test_missing_settings_end_with_4(environ: dict[str, str], name: str) -> None:
    done = await run({key: value for key, value in environ.items() if key != name})
    assert done.code == 4
    assert name in done.err
