"""The operators' command that takes a password away."""

import sys

import pytest

from api._lib.db import Database
from api._lib.settings import Settings
from tests.conftest import MORNING
from tests.people import Person, add_person
from tests.tasks import running
from tests.tasks.running import Done


async def reset(environ: dict[str, str], *arguments: str, python: str = "") -> Done:
    """Run the command as operators do."""
    return await running.run("password_reset.py", environ, *arguments, python=python)


@pytest.fixture
async def person(db: Database, settings: Settings) -> Person:
    """Somebody with a password and a session."""
    return await add_person(db, settings.jwt_secret, MORNING, email="an@voorbeeld.test")


@pytest.mark.parametrize("by", ["id", "email", "capitals"])
async def test_hash_and_sessions_are_gone(
    environ: dict[str, str], db: Database, person: Person, by: str
) -> None:
    who = {"id": person.id, "email": person.email, "capitals": " An@Voorbeeld.TEST"}[by]
    done = await reset(environ, who, python=sys.executable if by == "email" else "")
    assert (done.code, done.err) == (0, "")
    assert person.email in done.out
    row = await db.fetchrow("SELECT password_hash, sessions_valid_from FROM users")
    assert row is not None
    assert (row["password_hash"], row["sessions_valid_from"] is None) == (None, False)
    assert await db.fetchval("SELECT count(*) FROM auth_sessions WHERE revoked_at IS NULL") == 0
    assert await db.fetchval("SELECT count(*) FROM outbox_events") == 0


async def test_reminders_go_on(environ: dict[str, str], db: Database, person: Person) -> None:
    await db.execute(
        """INSERT INTO push_subscriptions (user_id, endpoint, p256dh, auth)
           VALUES ($1, 'https://push.example.test/an', 'key', 'secret')""",
        person.id,
    )
    assert (await reset(environ, person.id)).code == 0
    assert await db.fetchval("SELECT status FROM push_subscriptions") == "active"


async def test_with_the_export_on_airtable_learns_of_it(
    environ: dict[str, str], db: Database, person: Person
) -> None:
    exporting = environ | {"SYNC_EXPORT_PASSWORD_HASH": "true"}
    assert (await reset(exporting, person.id)).code == 0
    assert await db.fetchval("SELECT changed_fields FROM outbox_events") == ["password_hash"]


async def test_nobody_and_wrong_use_end_with_codes_of_their_own(
    environ: dict[str, str], person: Person
) -> None:
    nobody = await reset(environ, "bo@voorbeeld.test")
    assert (nobody.code, "bo@voorbeeld.test" in nobody.err) == (3, True)
    assert (await reset(environ)).code == 4
    away = environ | {"DATABASE_URL": "postgresql://127.0.0.1:9/none"}
    down = await reset(away, person.id)
    assert (down.code, "Traceback" in down.err) == (1, False)


async def test_somebody_shut_out_is_said_to_stay_so(
    environ: dict[str, str], db: Database, person: Person
) -> None:
    await db.execute("UPDATE users SET status = 'disabled'")
    done = await reset(environ, person.id)
    assert "disabled" in done.out
