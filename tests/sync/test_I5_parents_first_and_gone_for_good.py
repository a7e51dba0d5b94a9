"""I5: never written before the records it links to; never made again after its deletion."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from api._lib.accounts.service import erase
from api._lib.airtable.entities import EntityType as E
from api._lib.context import Context, open_resources
from api._lib.settings import Backend, Settings
from api._lib.sync.claims import Return, claim, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.letters import Search, replay_matching
from api._lib.sync.outbound import Outbound
from api._lib.sync.reaper import reap, release_parked
from api._lib.sync.rules import OPTIONAL_PARENT_SECONDS, ErrorClass
from tests.airtable import with_settings
from tests.sync.workers import eventually
from tests.sync.world import MONDAY, World, signed_in, somebody_waits

LATER = timedelta(seconds=OPTIONAL_PARENT_SECONDS + 1)


@pytest.fixture
async def ctx(settings: Settings) -> AsyncIterator[Context]:
    """What a use case sees."""
    async with open_resources(settings) as resources:
        yield Context(resources)


async def usage(world: World, program: UUID, session: UUID | None = None) -> UUID:
    return await world.add(
        E.METHOD_USAGE,
        method_id=world.methods[0],
        completed_on=MONDAY,
        points=5,
        program_id=program,
        session_id=session,
    )


async def hold(world: World, kind: E) -> None:
    """Let events of a kind wait for a retry."""
    await world.db.execute(
        """UPDATE outbox_events SET next_attempt_at = now() + interval '1 hour'
           WHERE entity_type = $1""",
        kind,
    )


async def let_go(world: World) -> None:
    await world.db.execute("UPDATE outbox_events SET next_attempt_at = now()")


async def kill(world: World, kind: E) -> None:
    """The event of a kind has died."""
    await world.db.execute(
        "UPDATE outbox_events SET status = 'dead_letter' WHERE entity_type = $1", kind
    )
    await world.db.execute(
        """INSERT INTO outbox_dead_letters
           (outbox_id, entity_type, entity_id, operation, error_class, error_message, attempts)
           SELECT id, entity_type, entity_id, operation, 'permanent', 'no', 2 FROM outbox_events
           WHERE status = 'dead_letter'"""
    )


async def revive(world: World) -> None:
    await world.db.execute(
        "UPDATE outbox_events SET status = 'pending' WHERE status = 'dead_letter'"
    )
    await world.db.execute(
        "UPDATE outbox_dead_letters SET resolved_at = now(), resolution = 'replayed'"
    )


async def parked(world: World) -> dict[str, str]:
    rows = await world.db.fetch(
        "SELECT entity_type, parked_on FROM outbox_events WHERE parked_on IS NOT NULL"
    )
    return {row["entity_type"]: row["parked_on"] for row in rows}


async def test_E3_children_wait_for_their_parent_without_losing_tries(
    world: World, outbound: Outbound
) -> None:
    program, (session,) = await world.program(sessions=1)
    await usage(world, program, session)
    await hold(world, E.PROGRAM)
    await outbound.drain()
    assert world.writes() == []
    assert await parked(world) == {
        "program_schedule": f"program:{program}",
        "method_usage": f"program_schedule:{session}",
    }
    assert {event["attempt_count"] for event in await world.events()} == {0}
    await let_go(world)
    await outbound.drain()
    assert set(await world.statuses()) == {"processed"}
    assert [r["table"] for r in world.writes()] == [
        world.settings.airtable_tables[key]
        for key in ("programs", "programmaplanning", "methodUsage")
    ]


async def test_6_5_a_parent_that_was_never_queued_is_queued(
    world: World, outbound: Outbound
) -> None:
    program, (session,) = await world.program(sessions=1)
    await world.db.execute("DELETE FROM outbox_events WHERE entity_type = 'program'")
    await outbound.drain()
    assert str(program) in await world.records(E.PROGRAM)
    assert str(session) in await world.records(E.PROGRAM_SCHEDULE)


async def test_a_needed_parent_that_died_blocks_its_children(
    world: World, outbound: Outbound
) -> None:
    await world.program(sessions=1)
    await kill(world, E.PROGRAM)
    await world.db.execute("UPDATE outbox_events SET created_at = now() - $1::interval", LATER)
    for _ in range(2):
        await outbound.drain()
        await reap(world.db, world.settings)
    assert list(await parked(world)) == ["program_schedule"]
    assert world.writes() == []
    await revive(world)
    await outbound.drain()
    assert set(await world.statuses()) == {"processed"}


async def test_a_parent_one_can_do_without_is_waited_for_five_minutes(
    world: World, outbound: Outbound
) -> None:
    program, _ = await world.program()
    made = await usage(world, program)
    await kill(world, E.PROGRAM)
    await outbound.drain()
    assert await release_parked(world.db) == 0
    assert list(await parked(world)) == ["method_usage"]
    await world.db.execute("UPDATE outbox_events SET created_at = now() - $1::interval", LATER)
    assert await release_parked(world.db) == 1
    await outbound.drain()
    fields = (await world.records(E.METHOD_USAGE))[str(made)]
    assert "Mentale Fitnessprogramma's" not in fields
    await revive(world)
    await outbound.drain()
    fields = (await world.records(E.METHOD_USAGE))[str(made)]
    assert fields["Mentale Fitnessprogramma's"] == [await world.record_id(E.PROGRAM, program)]


async def test_children_of_a_deleted_parent_end(world: World, outbound: Outbound) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    await world.add(E.PERSONAL_GOAL_USAGE, personal_goal_id=goal, completed_on=MONDAY)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE personal_goals SET status = 'Verwijderd'")
    await world.db.execute("DELETE FROM airtable_links WHERE entity_type = 'personal_goal'")
    await outbound.drain()
    assert (await world.statuses())[-1] == "superseded"
    assert await world.records(E.PERSONAL_GOAL_USAGE) == {}


async def test_a_parent_that_is_not_sent_is_left_out(world: World, outbound: Outbound) -> None:
    program, _ = await world.program()
    made = await usage(world, program)
    modes = {**world.settings.backends, "PROGRAMS": Backend.POSTGRES_ONLY}
    sender = Outbound(
        world.db, outbound.gateway, with_settings(world.settings, backends=modes), "worker-2"
    )
    await world.db.execute("DELETE FROM outbox_events WHERE entity_type = 'program'")
    await sender.drain()
    fields = (await world.records(E.METHOD_USAGE))[str(made)]
    assert "Mentale Fitnessprogramma's" not in fields


async def test_parking_in_the_moment_of_the_link_does_not_wait(world: World) -> None:
    await world.program(sessions=1)
    await world.db.execute(
        """UPDATE outbox_events SET parked_on = 'program:' || (SELECT id FROM programs)
           WHERE entity_type = 'program_schedule'"""
    )
    await world.db.execute("DELETE FROM outbox_events WHERE entity_type = 'program'")
    await world.db.execute(
        """INSERT INTO airtable_links
           (entity_type, entity_id, airtable_record_id, airtable_table_id)
           SELECT 'program', id, 'recPROGRAM0000001', 'tblPrograms' FROM programs"""
    )
    assert await release_parked(world.db) == 1


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
    tick = await world.tick()
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 1
    assert await world.record_id(E.GOEDE_GEWOONTE_USAGE, tick) is None
    await world.untick(tick)
    waits = "SELECT max(next_attempt_at) > now() + interval '20 seconds' FROM outbox_events"
    assert await world.db.fetchval(waits)
    await outbound.drain()
    assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 1
    await let_go(world)
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}
    assert (await world.statuses())[-1] == "processed"


async def test_O5_a_create_that_may_have_run_and_then_died_is_found_and_deleted(
    world: World, outbound: Outbound
) -> None:
    """The delete was queued while the create had its last try."""
    tick = await world.tick()
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    await let_go(world)
    (last_try,) = await claim(world.db, 1, 120, "one")
    await world.untick(tick)
    kind = ErrorClass.PERMANENT
    assert await bury(world.db, last_try.token, last_try.id, kind, "no")
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}


async def test_O5_a_deletion_that_is_given_back_outlives_a_late_change(
    world: World, outbound: Outbound
) -> None:
    """Somebody queued the record once more, from what they had read before it was deleted."""
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    await world.db.execute("DELETE FROM personal_goals")
    await world.queue_deletion(E.PERSONAL_GOAL, goal)
    (delete,) = await claim(world.db, 1, 120, "one")
    await world.queue_change(E.PERSONAL_GOAL, goal)
    await give_back(world.db, delete.token, [Return(id=delete.id)])
    await outbound.drain()
    assert await world.records(E.PERSONAL_GOAL) == {}


async def test_O5_a_waiting_deletion_outlives_a_late_change(
    world: World, outbound: Outbound
) -> None:
    """The record has no link yet: the answer of its create was lost."""
    tick = await world.tick()
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    await world.untick(tick)
    await world.queue_change(E.GOEDE_GEWOONTE_USAGE, tick)
    await let_go(world)
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
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    async with world.db.transaction() as tx:
        await tx.execute("DELETE FROM personal_goals")
    await world.queue_deletion(E.PERSONAL_GOAL, goal)
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


async def test_a_parent_that_somebody_deleted_in_airtable_is_made_again(
    world: World, outbound: Outbound
) -> None:
    program, (session,) = await world.program(sessions=1)
    await outbound.drain()
    old = await world.record_id(E.PROGRAM, program)
    world.airtable.control.delete("Mentale Fitnessprogramma's", old or "")
    await world.change(E.PROGRAM_SCHEDULE, session, notes="Rustig")
    await usage(world, program)
    await outbound.drain()
    assert str(program) in await world.records(E.PROGRAM)
    fields = (await world.records(E.PROGRAM_SCHEDULE))[str(session)]
    assert fields["Opmerkingen"] == "Rustig"
    assert fields["Mentale Fitnessprogramma"] == [await world.record_id(E.PROGRAM, program)]
    assert "dead_letter" not in await world.statuses()


@pytest.mark.parametrize("owner", ["named", "unnamed"])
async def test_O6_nobody_begins_to_send_what_is_just_being_erased(
    world: World, ctx: Context, owner: str
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
    row = await world.db.fetchrow("SELECT * FROM users WHERE id = $1", world.user)
    assert row is not None
    async with world.db.transaction() as tx:
        # The erasure has looked at everything when it waits for this.
        await tx.execute(
            """INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason)
               VALUES ('user', $1, 'erasure')""",
            former,
        )
        erasing = asyncio.create_task(erase(ctx, signed_in(dict(row))))
        await eventually(lambda: somebody_waits(world.db), what="the erasure's wait")
        assert await claim(world.db, 10, 120, "one") == []
    await erasing
    assert await world.db.fetchval("SELECT count(*) FROM habit_completions") == 0


async def test_O6_a_deletion_that_died_is_made_good_by_the_erasure(
    world: World, outbound: Outbound, ctx: Context
) -> None:
    tick = await world.tick()
    await outbound.drain()
    await world.untick(tick)
    refusal = {"status": 422, "kind": "CANNOT_SAVE", "message": "no"}
    world.airtable.control.fault(method="DELETE", count=0, **refusal)
    await outbound.drain()
    assert (await world.statuses())[-1] == "dead_letter"
    world.airtable.control.clear_faults()
    row = await world.db.fetchrow("SELECT * FROM users WHERE id = $1", world.user)
    assert row is not None
    await erase(ctx, signed_in(dict(row)))
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}
    assert set(await world.statuses()) == {"processed"}
