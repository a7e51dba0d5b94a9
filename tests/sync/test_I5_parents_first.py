"""I5: never written before the records it links to."""

from datetime import timedelta
from uuid import UUID

from api._lib.airtable.entities import EntityType as E
from api._lib.settings import Backend
from api._lib.sync.outbound import Outbound
from api._lib.sync.reaper import reap, release_parked
from api._lib.sync.rules import OPTIONAL_PARENT_SECONDS
from tests.airtable import with_settings
from tests.sync.world import MONDAY, World

LATER = timedelta(seconds=OPTIONAL_PARENT_SECONDS + 1)


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
    await world.let_go()
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
