"""The operators' command that takes a password away."""

import asyncio
import sys
from subprocess import CompletedProcess, run

import pytest

from api._lib.db import Database
from api._lib.settings import Settings
from tests.conftest import MORNING, ROOT
from tests.people import Person, add_person


def reset(environ: dict[str, str], *arguments: str) -> CompletedProcess[str]:
    """Run the command as operators do."""
    command = [sys.executable, "tasks/password_reset.py", *arguments]
    return run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
async def person(db: Database, settings: Settings) -> Person:
    """Somebody with a password and a session."""
    return await add_person(db, settings.jwt_secret, MORNING, email="an@voorbeeld.test")


@pytest.mark.parametrize("by", ["id", "email", "capitals"])
async def test_hash_and_sessions_are_gone(
    environ: dict[str, str], db: Database, person: Person, by: str
) -> None:
    who = {"id": person.id, "email": person.email, "capitals": " An@Voorbeeld.TEST"}[by]
    done = await asyncio.to_thread(reset, environ, who)
    assert (done.returncode, done.stderr) == (0, "")
    assert person.email in done.stdout
    row = await db.fetchrow("SELECT password_hash, sessions_valid_from FROM users")
    assert row is not None
    assert (row["password_hash"], row["sessions_valid_from"] is None) == (None, False)
    assert await db.fetchval("SELECT count(*) FROM auth_sessions WHERE revoked_at IS NULL") == 0
    assert await db.fetchval("SELECT count(*) FROM outbox_events") == 0


async def test_with_the_export_on_airtable_learns_of_it(
    environ: dict[str, str], db: Database, person: Person
) -> None:
    exporting = environ | {"SYNC_EXPORT_PASSWORD_HASH": "true"}
    assert (await asyncio.to_thread(reset, exporting, person.id)).returncode == 0
    assert await db.fetchval("SELECT changed_fields FROM outbox_events") == ["password_hash"]


async def test_nobody_and_wrong_use_end_with_codes_of_their_own(
    environ: dict[str, str], person: Person
) -> None:
    nobody = await asyncio.to_thread(reset, environ, "bo@voorbeeld.test")
    assert (nobody.returncode, "bo@voorbeeld.test" in nobody.stderr) == (3, True)
    assert (await asyncio.to_thread(reset, environ)).returncode == 4
    away = environ | {"DATABASE_URL": "postgresql://127.0.0.1:9/none"}
    down = await asyncio.to_thread(reset, away, person.id)
    assert (down.returncode, "Traceback" in down.stderr) == (1, False)


async def test_somebody_shut_out_is_said_to_stay_so(
    environ: dict[str, str], db: Database, person: Person
) -> None:
    await db.execute("UPDATE users SET status = 'disabled'")
    done = await asyncio.to_thread(reset, environ, person.id)
    assert "disabled" in done.stdout
