"""I5: never made again after its deletion."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from api._lib.accounts.service import erase
from api._lib.airtable.entities import EntityType as E
from api._lib.context import Context, User, open_resources
from api._lib.settings import Settings
from api._lib.sync.claims import Return, claim, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.letters import Search, replay_matching
from api._lib.sync.outbound import Outbound
from api._lib.sync.results import Delivered, store_delivered
from api._lib.sync.rules import ErrorClass
from tests.sync.world import MONDAY, World, signed_in
from tests.waiting import until_somebody_waits

WAITS = """
SELECT next_attempt_at > now() + interval '20 seconds' FROM outbox_events
WHERE status = 'pending'"""


@pytest.fixture
async def ctx(settings: Settings) -> AsyncIterator[Context]:
    """What a use case sees."""
    async with open_resources(settings) as resources:
        yield Context(resources)


@pytest.fixture
async def person(world: World) -> User:
    """Who is going to be erased."""
    row = await world.db.fetchrow("SELECT * FROM users WHERE id = $1", world.user)
    assert row is not None
    return signed_in(dict(row))


async def tick_without_answer(world: World, outbound: Outbound) -> UUID:
    """A tick whose record was made, only nobody knows."""
    tick = await world.tick()
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    return tick


async def deleted_goal(world: World, outbound: Outbound) -> UUID:
    """A goal that was sent, and whose deletion waits."""
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    await world.db.execute("DELETE FROM personal_goals")
    await world.queue_deletion(E.PERSONAL_GOAL, goal)
    return goal


async def is_deleted_later(world: World, outbound: Outbound, tick: UUID) -> None:
    """Taking a tick back waits until its create cannot run any more, then deletes its record."""
    await world.untick(tick)
    assert await world.db.fetchval(WAITS)
    await outbound.drain()
    assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 1
    await world.let_go()
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}


async def test_example_4_E4_what_was_never_sent_is_deleted_without_a_call(
    world: World, outbound: Outbound
) -> None:
    tick = await world.tick()
    await world.untick(tick)
    await outbound.drain()
    title = world.settings.airtable_tables["goedeGewoonteGebruik"]
    assert [r for r in world.airtable.control.requests() if r["table"] == title] == []
    assert await world.statuses() == ["superseded", "processed"]


async def test_O5_a_create_that_may_have_run_is_found_and_deleted(
    world: World, outbound: Outbound
) -> None:
    tick = await tick_without_answer(world, outbound)
    assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 1
    assert await world.record_id(E.GOEDE_GEWOONTE_USAGE, tick) is None
    await is_deleted_later(world, outbound, tick)
    assert (await world.statuses())[-1] == "processed"


async def test_O5_a_create_that_may_have_run_and_then_died_is_found_and_deleted(
    world: World, outbound: Outbound
) -> None:
    """The delete was queued while the create had its last try."""
    tick = await tick_without_answer(world, outbound)
    await world.let_go()
    (last_try,) = await claim(world.db, 1, 120, "one")
    await world.untick(tick)
    kind = ErrorClass.PERMANENT
    assert await bury(world.db, last_try.token, last_try.id, kind, "no")
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}


async def test_O5_a_create_that_may_still_run_when_it_dies_is_deleted_later(
    world: World, outbound: Outbound
) -> None:
    tick = await world.tick()
    await world.db.execute("UPDATE outbox_events SET attempt_count = 5")
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    assert await world.statuses() == ["dead_letter"]
    await is_deleted_later(world, outbound, tick)


async def test_O5_what_waits_behind_a_create_that_dies_waits_until_it_cannot_run_any_more(
    world: World,
) -> None:
    tick = await world.tick()
    (create,) = await claim(world.db, 1, 120, "one")
    await world.untick(tick)
    kind = ErrorClass.AMBIGUOUS
    assert await bury(world.db, create.token, create.id, kind, "no", quiet_seconds=30)
    assert await world.db.fetchval(WAITS)
    assert await claim(world.db, 1, 120, "two") == []


async def test_O5_a_deletion_that_is_given_back_outlives_a_late_change(
    world: World, outbound: Outbound
) -> None:
    """Somebody queued the record once more, from what they had read before it was deleted."""
    goal = await deleted_goal(world, outbound)
    (delete,) = await claim(world.db, 1, 120, "one")
    await world.queue_change(E.PERSONAL_GOAL, goal)
    await give_back(world.db, delete.token, [Return(id=delete.id)])
    await outbound.drain()
    assert await world.records(E.PERSONAL_GOAL) == {}


async def test_O5_a_deletion_that_has_to_search_is_given_back_as_one(
    world: World, outbound: Outbound
) -> None:
    """It knows no record: the answer of the create was lost."""
    tick = await tick_without_answer(world, outbound)
    await world.untick(tick)
    await world.let_go()
    (delete,) = await claim(world.db, 1, 120, "one")
    await world.queue_change(E.GOEDE_GEWOONTE_USAGE, tick)
    await give_back(world.db, delete.token, [Return(id=delete.id)])
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}


async def test_a_create_that_may_still_run_holds_back_the_change_behind_it(world: World) -> None:
    tick = await world.tick()
    (create,) = await claim(world.db, 1, 120, "one")
    await world.queue_change(E.GOEDE_GEWOONTE_USAGE, tick)
    unclear = Return(id=create.id, wait=30, error_class=ErrorClass.AMBIGUOUS)
    await give_back(world.db, create.token, [unclear])
    assert await world.db.fetchval(WAITS)
    assert await claim(world.db, 1, 120, "two") == []


async def test_a_link_stays_marked_as_deleted_when_a_change_under_way_ends(
    world: World, outbound: Outbound
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    (change,) = await claim(world.db, 1, 120, "one")
    await world.queue_deletion(E.PERSONAL_GOAL, goal)
    record = await world.record_id(E.PERSONAL_GOAL, goal) or ""
    written = Delivered(change, record, "tblGoals", "fingerprint", is_new=False)
    await store_delivered(world.db, change.token, [written])
    assert await world.db.fetchval("SELECT deleted_at IS NOT NULL FROM airtable_links")


async def test_O5_a_waiting_deletion_outlives_a_late_change(
    world: World, outbound: Outbound
) -> None:
    """The record has no link yet: the answer of its create was lost."""
    tick = await tick_without_answer(world, outbound)
    await world.untick(tick)
    await world.queue_change(E.GOEDE_GEWOONTE_USAGE, tick)
    await world.let_go()
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}


async def test_O5_a_replay_does_not_undo_a_deletion(world: World, outbound: Outbound) -> None:
    """A create and the delete behind it both died."""
    tick = await world.tick()
    (create,) = await claim(world.db, 1, 120, "one")
    await world.untick(tick)
    await bury(world.db, create.token, create.id, ErrorClass.PERMANENT, "no")
    (delete,) = await claim(world.db, 1, 120, "one")
    await bury(world.db, delete.token, delete.id, ErrorClass.PERMANENT, "no")
    assert await replay_matching(world.db, Search()) == 2
    events = await world.events()
    assert [(e["operation"], e["status"]) for e in events] == [
        ("upsert", "superseded"),
        ("delete", "pending"),
    ]


async def test_6_7_a_record_that_is_already_gone_counts_as_deleted(
    world: World, outbound: Outbound
) -> None:
    ticks = [await world.tick(day=day) for day in range(4)]
    await outbound.drain()
    gone = await world.record_id(E.GOEDE_GEWOONTE_USAGE, ticks[1])
    world.airtable.control.delete("Goede gewoontes gebruik", gone or "")
    for tick in ticks:
        await world.untick(tick)
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}
    assert set(await world.statuses()) == {"processed"}
    assert await world.db.fetchval("SELECT count(purged_at) FROM sync_tombstones") == 4


@pytest.mark.parametrize(("method", "status"), [("DELETE", 403), ("PATCH", 403), ("PATCH", 404)])
async def test_a_record_that_is_only_said_to_be_missing_is_still_there(
    world: World, outbound: Outbound, method: str, status: int
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    queue = world.queue_deletion if method == "DELETE" else world.queue_change
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    await queue(E.PERSONAL_GOAL, goal)
    world.airtable.control.fault(status=status, method=method)
    await outbound.drain()
    assert (await world.statuses())[-1] == "pending"
    assert await world.db.fetchval("SELECT count(purged_at) FROM sync_tombstones") == 0
    await world.let_go()
    await outbound.drain()
    names = [record["Naam"] for record in (await world.records(E.PERSONAL_GOAL)).values()]
    assert names == ([] if method == "DELETE" else ["B"])


async def test_a_change_of_a_deleted_row_makes_nothing(world: World, outbound: Outbound) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await world.db.execute("DELETE FROM personal_goals")
    await outbound.drain()
    assert await world.records(E.PERSONAL_GOAL) == {}
    assert await world.statuses() == ["superseded"]
    assert await world.record_id(E.PERSONAL_GOAL, goal) is None


async def test_a_delete_that_a_late_change_was_merged_into_still_deletes(
    world: World, outbound: Outbound
) -> None:
    goal = await deleted_goal(world, outbound)
    await world.queue_change(E.PERSONAL_GOAL, goal)
    await outbound.drain()
    assert await world.records(E.PERSONAL_GOAL) == {}


async def test_a_record_that_somebody_deleted_in_airtable_is_made_again(
    world: World, outbound: Outbound
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    old = await world.record_id(E.PERSONAL_GOAL, goal)
    world.airtable.control.delete("Persoonlijke doelen", old or "")
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(goal)]["Naam"] == "B"
    assert await world.record_id(E.PERSONAL_GOAL, goal) != old
    reason = "SELECT reason FROM sync_tombstones WHERE airtable_record_id = $1"
    assert await world.db.fetchval(reason, old) == "airtable"


async def test_a_person_who_was_deleted_in_airtable_is_not_made_again(
    world: World, outbound: Outbound
) -> None:
    world.airtable.control.delete("Gebruikers", world.user)
    await world.change_user(last_login_on=MONDAY)
    await outbound.drain()
    assert await world.statuses() == ["superseded"]
    assert world.airtable.control.count("Gebruikers") == 0


@pytest.mark.parametrize("mark", ["status", "tombstone"])
async def test_records_of_a_deleted_person_are_not_sent(
    world: World, outbound: Outbound, mark: str
) -> None:
    if mark == "status":
        await world.db.execute("UPDATE users SET status = 'deleted'")
    else:
        await world.db.execute(
            """INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason)
               VALUES ('user', $1, 'airtable')""",
            world.user,
        )
    await world.tick()
    await outbound.drain()
    assert await world.statuses() == ["dead_letter"]
    assert world.writes() == []
    letter = await world.db.fetchrow("SELECT * FROM outbox_dead_letters")
    assert letter is not None
    assert letter["error_class"] == "invalid_reference"


@pytest.mark.parametrize("owner", ["named", "unnamed"])
async def test_O6_nobody_begins_to_send_what_is_just_being_erased(
    world: World, ctx: Context, person: User, owner: str
) -> None:
    """What is sent must have a delete behind it, so nothing else may be sent from here on."""
    await world.tick()
    if owner == "unnamed":
        await world.db.execute("UPDATE outbox_events SET user_id = NULL")
    former = "recFORMER00000001"
    await world.db.execute(
        "INSERT INTO user_id_aliases (old_id, user_id, reason) VALUES ($1, $2, 'test')",
        former,
        world.user,
    )
    async with world.db.transaction() as tx:
        # The erasure has looked at everything when it waits for this.
        await tx.execute(
            """INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason)
               VALUES ('user', $1, 'erasure')""",
            former,
        )
        erasing = asyncio.create_task(erase(ctx, person))
        await until_somebody_waits(world.db)
        assert await claim(world.db, 10, 120, "one") == []
    await erasing
    assert await world.db.fetchval("SELECT count(*) FROM habit_completions") == 0


async def test_O6_a_deletion_that_died_is_made_good_by_the_erasure(
    world: World, outbound: Outbound, ctx: Context, person: User
) -> None:
    tick = await world.tick()
    await outbound.drain()
    await world.untick(tick)
    refusal = {"status": 422, "kind": "CANNOT_SAVE", "message": "no"}
    world.airtable.control.fault(method="DELETE", count=0, **refusal)
    await outbound.drain()
    assert (await world.statuses())[-1] == "dead_letter"
    world.airtable.control.clear_faults()
    await erase(ctx, person)
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}
    assert set(await world.statuses()) == {"processed"}
