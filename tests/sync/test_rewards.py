"""What people earn, between the two stores: it goes out, it does not come back in."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from api._lib.accounts.provisioning import Reading, apply_airtable_users
from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.gateway import RemoteRecord
from api._lib.airtable.people import USERS
from api._lib.clock import ManualClock
from api._lib.context import Context, User, open_resources
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.inbound.content import import_content
from api._lib.sync.inbound.content_tables import METHODS
from api._lib.sync.outbound import Outbound
from api._lib.tracking import service as tracking
from tasks.dev.airtable.testing import AirtableServer
from tests.sync.world import World
from tests.tracking.seed import add_program

TODAY = date(2026, 3, 4)


@pytest.fixture
async def ctx(settings: Settings, clock: ManualClock) -> AsyncIterator[Context]:
    """A request to the application."""
    async with open_resources(settings, clock=clock) as resources:
        yield Context(resources)


def user_of(world: World) -> User:
    return User(
        id=world.user,
        presented_id=world.user,
        email="an@voorbeeld.test",
        name="An",
        role=None,
        language="nl",
        zone="Europe/Brussels",
        sid=None,
        token_issued_at=0,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        last_login_on=None,
    )


def in_airtable(world: World) -> dict[str, object]:
    fields: dict[str, object] = world.airtable.control.record("Gebruikers", world.user)["fields"]
    return fields


async def test_R5_rewards_go_out_without_the_computed_scores(
    world: World, outbound: Outbound, ctx: Context
) -> None:
    """Airtable refuses a whole request that writes to a formula."""
    await tracking.tick_habit(ctx, user_of(world), world.habits[0], TODAY)
    await outbound.drain()
    after = in_airtable(world)
    assert (after["Badges"], after["Niveau"]) == ('["goede_start"]', 1)
    assert after["Laatste Actieve Dag"] == "2026-03-04"
    assert {request["status"] for request in world.writes()} == {200}
    assert set(await world.statuses()) == {"processed"}


async def test_milestones_go_out_with_their_program(
    world: World, outbound: Outbound, ctx: Context
) -> None:
    await world.db.executemany(
        "INSERT INTO methods (id, name) VALUES ($1, 'x')",
        [(f"recMeth{n:010d}",) for n in range(2)],
    )
    plan = [(TODAY + timedelta(days=n), [0, 1]) for n in range(2)]
    program, [session, _] = await add_program(world.db, world.user, TODAY, plan)
    done = tracking.DoneMethod(method_id="recMeth0000000000", session_id=str(session))
    await tracking.record_method(ctx, user_of(world), done)
    [event] = [e for e in await world.events() if e["entity_type"] == E.PROGRAM]
    assert (event["entity_id"], event["operation"]) == (str(program), "upsert")
    await outbound.drain()
    assert (await world.records(E.PROGRAM))[str(program)]["Behaalde Mijlpalen"] == '["25"]'


async def test_R4_reading_people_does_not_touch_what_they_earned(
    world: World, outbound: Outbound, ctx: Context, db: Database
) -> None:
    await tracking.tick_habit(ctx, user_of(world), world.habits[0], TODAY)
    before = await db.fetchrow("SELECT *, xmin::text FROM user_rewards")
    ledger = await db.fetch("SELECT * FROM reward_ledger ORDER BY id")
    cells = {"name": "Anders", "email": "an@voorbeeld.test", "bonusPoints": 0, "level": 9,
             "badges": '["mentale_atleet"]', "currentStreak": 30, "longestStreak": 30,
             "lastActiveDate": "2020-01-01"}  # fmt: skip
    fields = {USERS.field(name).key: cell for name, cell in cells.items()}
    record = RemoteRecord(world.user, "2026-01-05T09:30:00.000Z", fields)
    async with db.transaction() as tx:
        now = await tx.fetchval("SELECT clock_timestamp()")
        await apply_airtable_users(tx, [record], Reading(started_at=now), now)
    assert await db.fetchval("SELECT name FROM users WHERE id = $1", world.user) == "Anders"
    assert await db.fetchrow("SELECT *, xmin::text FROM user_rewards") == before
    assert await db.fetch("SELECT * FROM reward_ledger ORDER BY id") == ledger


@pytest.mark.parametrize(("cell", "points"), [(0, 5), (2.5, 3), (14, 10), ("abc", 5), (None, 5)])
async def test_R18_a_method_of_odd_value_breaks_nothing(
    airtable: AirtableServer, db: Database, ctx: Context, cell: object, points: int
) -> None:
    """The worked example: values 0, 2.5, 14 and a text are worth 5, 3, 10 and 5."""
    if isinstance(cell, str):
        airtable.control.retype_field("Methodes", "Punten waarde", "singleLineText")
    fields = {"Methode Naam": "Adem", "Punten waarde": cell}
    method = airtable.control.create("Methodes", fields)
    await import_content(ctx, METHODS)
    assert await db.fetchval("SELECT points_value FROM methods WHERE id = $1", method) == points
