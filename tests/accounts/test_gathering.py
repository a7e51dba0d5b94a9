"""The guard's look-up: one query for all requests of a moment, and never an old answer."""

import asyncio
from uuid import uuid4

import pytest
from msgspec import structs

from api._lib.accounts.gathering import Gathering, gathered
from api._lib.clock import ManualClock
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings
from tests.people import Person, add_person


@pytest.fixture
async def people(db: Database, settings: Settings, clock: ManualClock) -> list[Person]:
    """Twenty people with sessions."""
    return [await add_person(db, settings.jwt_secret, clock.now()) for _ in range(20)]


async def test_everybody_of_a_moment_is_found_by_one_or_two_queries(
    db: Database, people: list[Person]
) -> None:
    seen: list[str] = []
    await gathered(db).find(people[0].id, people[0].sid)
    db.observe(seen.append)
    found = await asyncio.gather(*(gathered(db).find(one.id, one.sid) for one in people))
    assert [account.id for account, _ in found if account] == [one.id for one in people]
    assert all(is_live for _, is_live in found)
    assert len(seen) <= 2


async def test_strangers_and_foreign_sessions_are_told_apart(
    db: Database, people: list[Person]
) -> None:
    one, other = people[:2]
    asked = [
        (one.id, one.sid),
        (one.id, other.sid),
        (one.id, None),
        ("recNobody000000001", uuid4()),
    ]
    found = await asyncio.gather(*(gathered(db).find(*question) for question in asked))
    assert [(account is not None, live) for account, live in found] == [
        (True, True),
        (True, False),
        (True, False),
        (False, False),
    ]


async def test_a_former_id_finds_its_owner(db: Database, people: list[Person]) -> None:
    await db.execute(
        "INSERT INTO user_id_aliases (old_id, user_id, reason) VALUES ($1::text, $2::text, 'test')",
        "recFormer00000001",
        people[0].id,
    )
    account, is_live = await gathered(db).find("recFormer00000001", people[0].sid)
    assert account is not None
    assert (account.id, is_live) == (people[0].id, True)


async def test_blocking_acts_on_the_very_next_question(db: Database, people: list[Person]) -> None:
    one = people[0]
    await gathered(db).find(one.id, one.sid)
    await db.execute("UPDATE users SET status = 'disabled' WHERE id = $1", one.id)
    account, _ = await gathered(db).find(one.id, one.sid)
    assert account is not None
    assert not account.active


async def test_a_request_that_is_given_up_harms_nobody(db: Database, people: list[Person]) -> None:
    tasks = [asyncio.create_task(gathered(db).find(one.id, one.sid)) for one in people]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 1
    assert sum(isinstance(result, tuple) for result in results) == 19


async def test_when_postgres_is_away_everybody_is_told_and_it_recovers(
    settings: Settings, db: Database, people: list[Person]
) -> None:
    away = structs.replace(settings, database_url="postgres://u:p@127.0.0.1:9/x")
    broken = await Database.connect(away)
    gathering = Gathering(broken)
    for _ in range(2):
        asked = (gathering.find(one.id, one.sid) for one in people)
        results = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(result, DatabaseUnavailableError) for result in results)
    await broken.close()
