"""I8: a change from Airtable never overwrites what is ours, nor a shared field with an unsent
change, and our own write never comes back as a change."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.limiter import Lane
from api._lib.context import Context, open_resources
from api._lib.settings import Settings
from api._lib.sync.inbound.activity import ACTIVITIES, import_activity
from api._lib.sync.inbound.people import list_people, poll_people, take_people
from api._lib.sync.outbound import Outbound
from tests.sync.world import MONDAY, World

Reading = Callable[[Context, World], Awaitable[object]]
USERS = "Gebruikers"


@pytest.fixture
async def ctx(settings: Settings) -> AsyncIterator[Context]:
    """What a run of a job sees."""
    async with open_resources(settings, "mfa-worker") as resources:
        yield Context(resources)


async def listing(ctx: Context, world: World) -> object:
    return await list_people(ctx)


async def polling(ctx: Context, world: World) -> object:
    return await poll_people(ctx)


async def naming(ctx: Context, world: World) -> object:
    return await take_people(ctx, [world.user], [], Lane.OUTBOX)


readings = pytest.mark.parametrize("read", [listing, polling, naming])


async def person(world: World) -> dict[str, Any]:
    row = await world.db.fetchrow("SELECT * FROM users WHERE id = $1", world.user)
    assert row is not None
    return dict(row)


def cell(world: World, name: str) -> Any:
    return world.airtable.control.record(USERS, world.user)["fields"].get(name)


@readings
async def test_example_5_our_own_write_is_no_change(
    ctx: Context, world: World, outbound: Outbound, read: Reading
) -> None:
    await read(ctx, world)
    await world.change_user("language_code", language_code="fr")
    await outbound.drain()
    before = await person(world)
    await world.db.execute("UPDATE airtable_links SET pushed_at = now() - interval '1 minute'")
    await read(ctx, world)
    assert await person(world) == before
    assert cell(world, "Taalcode") == "fr"


@readings
async def test_example_5_an_administrators_change_is_taken(
    ctx: Context, world: World, read: Reading
) -> None:
    world.airtable.control.edit(USERS, world.user, {"Taalcode": "en", "Naam": "Anna"})
    await read(ctx, world)
    row = await person(world)
    assert (row["language_code"], row["name"]) == ("en", "Anna")


@readings
@pytest.mark.parametrize("state", ["pending", "processing", "dead_letter"])
async def test_example_5_an_unsent_change_of_a_shared_field_stands(
    ctx: Context,
    world: World,
    outbound: Outbound,
    caplog: pytest.LogCaptureFixture,
    read: Reading,
    state: str,
) -> None:
    await read(ctx, world)
    await world.change_user("language_code", language_code="fr")
    await _put(world, state)
    world.airtable.control.edit(USERS, world.user, {"Taalcode": "en", "Naam": "Anna"})
    with caplog.at_level(logging.INFO):
        await read(ctx, world)
    assert [vars(r)["field"] for r in caplog.records if "stands" in r.msg] == ["language_code"]
    row = await person(world)
    assert (row["language_code"], row["name"]) == ("fr", "Anna")
    await _put(world, "pending")
    await outbound.drain()
    assert (cell(world, "Taalcode"), cell(world, "Naam")) == ("fr", "Anna")


async def _put(world: World, state: str) -> None:
    token = "gen_random_uuid()" if state == "processing" else "NULL"
    await world.db.execute("DELETE FROM outbox_dead_letters")
    await world.db.execute(
        f"UPDATE outbox_events SET status = $1, lease_token = {token}, lease_until = NULL", state
    )
    if state == "dead_letter":
        await world.db.execute(
            """INSERT INTO outbox_dead_letters (outbox_id, entity_type, entity_id, operation,
                                                error_class, error_message, attempts)
               SELECT id, entity_type, entity_id, operation, 'permanent', 'no', 2
               FROM outbox_events"""
        )


@readings
async def test_example_5_a_reward_event_does_not_carry_the_language(
    ctx: Context, world: World, outbound: Outbound, read: Reading
) -> None:
    await read(ctx, world)
    world.airtable.control.edit(USERS, world.user, {"Taalcode": "en"})
    await world.db.execute("UPDATE user_rewards SET current_streak = 3, longest_streak = 3")
    await world.change_user("current_streak")
    await outbound.drain()
    assert cell(world, "Taalcode") == "en"
    await world.db.execute("UPDATE airtable_links SET pushed_at = now() - interval '1 minute'")
    await read(ctx, world)
    assert (await person(world))["language_code"] == "en"
    assert await world.db.fetchval("SELECT current_streak FROM user_rewards") == 3


@readings
async def test_N4_R4_rewards_password_and_login_are_never_taken_back(
    ctx: Context, world: World, read: Reading
) -> None:
    await world.db.execute("UPDATE users SET password_hash = 'ours', last_login_on = $1", MONDAY)
    await world.db.execute(
        "UPDATE user_rewards SET bonus_points = 40, level = 3, longest_streak = 9"
    )
    stale = {"Bonus Punten": 1, "Niveau": 1, "Langste Streak": 2, "Paswoord Hash": "theirs"}
    world.airtable.control.edit(USERS, world.user, {**stale, "Laatste login": "2020-01-01"})
    await read(ctx, world)
    row = await person(world)
    assert (row["password_hash"], row["last_login_on"]) == ("ours", MONDAY)
    rewards = await world.db.fetchrow(
        "SELECT bonus_points, level, longest_streak FROM user_rewards"
    )
    assert rewards is not None
    assert tuple(rewards) == (40, 3, 9)


async def test_N4_a_reading_begun_before_our_write_is_not_believed(
    ctx: Context, world: World
) -> None:
    await list_people(ctx)
    await world.db.execute("UPDATE users SET name = 'nieuw'")
    await world.db.execute("UPDATE airtable_links SET pushed_at = now() + interval '1 minute'")
    outcome = await list_people(ctx)
    assert (await person(world))["name"] == "nieuw"
    assert outcome.skipped == 1


async def test_F2_F8_what_people_did_is_not_read_back_as_new(
    ctx: Context, world: World, outbound: Outbound
) -> None:
    await world.tick()
    await world.program(sessions=3)
    goal = await world.add(E.PERSONAL_GOAL, name="Wandelen")
    await world.add(E.PERSONAL_GOAL_USAGE, personal_goal_id=goal, completed_on=MONDAY)
    await outbound.drain()
    before = await _activity(world)
    for record in world.airtable.control.records("Persoonlijke doelen"):
        world.airtable.control.edit("Persoonlijke doelen", record["id"], {"Naam": "Anders"})
    for activity in ACTIVITIES.values():
        outcome = await import_activity(ctx, activity)
        assert (outcome.inserted, outcome.updated) == (0, 0)
    assert await _activity(world) == before


async def _activity(world: World) -> list[str]:
    found = []
    for activity in ACTIVITIES.values():
        rows = await world.db.fetch(f"SELECT t::text AS row FROM {activity.entity.relation} t")
        found += sorted(row["row"] for row in rows)
    return found
