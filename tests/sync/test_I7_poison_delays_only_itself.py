"""I7: a record that cannot be delivered delays only itself."""

from typing import Any

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.db import Database
from api._lib.sync.outbound import Outbound
from tests.airtable import with_settings
from tests.sync.world import World


async def letters(db: Database) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch("SELECT * FROM outbox_dead_letters ORDER BY id")]


async def due_now(world: World) -> None:
    await world.db.execute(
        "UPDATE outbox_events SET next_attempt_at = now() WHERE status = 'pending'"
    )


async def test_example_8_a_poison_in_a_batch_of_ten_takes_eight_requests(
    world: World, outbound: Outbound
) -> None:
    ticks = [await world.tick(day=day) for day in range(10)]
    poison = str(ticks[6])
    world.airtable.control.fault(
        status=422, kind="CANNOT_SAVE", message="no", method="PATCH", contains=poison, count=0
    )
    await outbound.drain()
    assert len(world.writes()) == 8
    made = await world.records(E.GOEDE_GEWOONTE_USAGE)
    assert made.keys() == {str(tick) for tick in ticks} - {poison}
    (letter,) = await letters(world.db)
    assert (letter["entity_id"], letter["error_class"]) == (poison, "permanent")
    assert (letter["http_status"], letter["attempts"]) == (422, 2)
    tries = {event["entity_id"]: event["attempt_count"] for event in await world.events()}
    assert tries.pop(poison) == 2
    assert set(tries.values()) == {1}


async def test_a_later_change_of_a_dead_record_makes_it_good(
    world: World, outbound: Outbound
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    world.airtable.control.fault(
        status=422, kind="CANNOT_SAVE", message="no", method="PATCH", count=0
    )
    await outbound.drain()
    world.airtable.control.clear_faults()
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(goal)]["Naam"] == "B"
    (letter,) = await letters(world.db)
    assert letter["resolution"] == "superseded"
    assert await world.statuses() == ["superseded", "processed"]


async def test_a_record_that_makes_airtable_fail_dies_alone(
    world: World, outbound: Outbound
) -> None:
    ticks = [await world.tick(day=day) for day in range(10)]
    poison = str(ticks[6])
    world.airtable.control.fault(status=500, contains=poison, count=0)
    for _ in range(6):
        await outbound.drain()
        await due_now(world)
    (letter,) = await letters(world.db)
    assert (letter["entity_id"], letter["attempts"]) == (poison, 6)
    assert letter["error_class"] == "ambiguous"
    assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 9


async def test_example_11_E1_backoff_grows_and_the_sixth_failure_is_dead(
    world: World, outbound: Outbound
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    waits = []
    for tick in range(6):
        world.airtable.control.fault(
            status=500, table=world.settings.airtable_tables["personalGoals"]
        )
        await outbound.drain()
        event = (await world.events())[1]
        waits.append((event["next_attempt_at"] - event["updated_at"]).total_seconds())
        # Others get through, so nobody takes it for an outage.
        await world.tick(day=tick)
        await due_now(world)
        await world.db.execute(
            """UPDATE outbox_events SET next_attempt_at = now() + interval '1 hour'
               WHERE id = $1 AND status = 'pending'""",
            event["id"],
        )
        await outbound.drain()
        await due_now(world)
    for wait, expected in zip(waits, (5, 20, 45, 80, 125), strict=False):
        assert expected * 0.8 <= wait <= expected * 1.2
    (letter,) = await letters(world.db)
    assert (letter["error_class"], letter["attempts"]) == ("transient", 6)


async def test_O14_a_wrong_token_burns_no_tries(world: World, outbound: Outbound) -> None:
    await world.tick()
    world.airtable.control.fault(status=401, method="PATCH")
    await outbound.drain()
    (event,) = await world.events()
    assert (event["status"], event["attempt_count"]) == ("pending", 0)
    assert event["error_class"] == "configuration"
    assert await outbound.drain() == 0


async def test_example_7_a_429_burns_no_tries(world: World, outbound: Outbound) -> None:
    await world.tick()
    world.airtable.control.fault(status=429, method="PATCH")
    await outbound.drain()
    (event,) = await world.events()
    assert (event["status"], event["attempt_count"]) == ("pending", 0)


async def test_a_table_without_app_id_gets_no_records_but_changes(
    world: World, outbound: Outbound
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    record = await world.record_id(E.PERSONAL_GOAL, goal)
    title = "Persoonlijke doelen"
    world.airtable.control.drop_field(title, "App ID")
    await outbound.schema_book.check()
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    new = await world.add(E.PERSONAL_GOAL, name="C")
    await outbound.drain()
    table = world.settings.airtable_tables["personalGoals"]
    assert world.airtable.control.record(title, record or "")["fields"]["Naam"] == "B"
    waiting = (await world.events())[-1]
    assert (waiting["parked_on"], waiting["attempt_count"]) == (f"table:{table}", 0)
    assert outbound.schema_book.schema.tables_without_app_id == ["personalGoals"]
    world.airtable.control.add_field(title, "App ID")
    await outbound.schema_book.check()
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(new)]["Naam"] == "C"


async def test_6_2_a_field_that_disappeared_is_left_out(world: World, outbound: Outbound) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A", description="weg")
    await outbound.drain()
    world.airtable.control.drop_field("Persoonlijke doelen", "Beschrijving")
    await world.change(E.PERSONAL_GOAL, goal, name="B", description="nog meer")
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(goal)]["Naam"] == "B"
    assert outbound.schema_book.schema.unwritable == {"personalGoals": ["description"]}


async def test_without_the_right_to_see_the_schema_the_fields_are_tried(
    world: World, outbound: Outbound
) -> None:
    world.airtable.control.scopes(["data.records:read", "data.records:write"])
    world.airtable.control.drop_field("Persoonlijke doelen", "Beschrijving")
    world.airtable.control.drop_field("Programmaplanning", "App ID")
    schema = await outbound.schema_book.check()
    assert schema.tables_without_app_id == ["programmaplanning"]
    assert schema.unwritable == {"personalGoals": ["description"]}
    goal = await world.add(E.PERSONAL_GOAL, name="A", description="weg")
    await outbound.drain()
    assert str(goal) in await world.records(E.PERSONAL_GOAL)


async def test_the_oldest_of_copied_records_is_kept(world: World, outbound: Outbound) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    title, app_id = "Persoonlijke doelen", {"App ID": str(goal)}
    oldest = world.airtable.control.create(title, {"Naam": "kopie", **app_id})
    world.airtable.control.advance(60)
    world.airtable.control.create(title, {"Naam": "kopie", **app_id})
    await outbound.drain()
    assert await world.record_id(E.PERSONAL_GOAL, goal) == oldest
    assert world.airtable.control.record(title, oldest)["fields"]["Naam"] == "A"
    assert world.airtable.control.count(title) == 2


async def test_a_record_that_belongs_to_another_row_is_not_taken(
    world: World, outbound: Outbound
) -> None:
    first = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    record = await world.record_id(E.PERSONAL_GOAL, first)
    second = await world.add(E.PERSONAL_GOAL, name="B")
    world.airtable.control.edit("Persoonlijke doelen", record or "", {"App ID": str(second)})
    await outbound.drain()
    (letter,) = await letters(world.db)
    assert letter["entity_id"] == str(second)
    assert await world.record_id(E.PERSONAL_GOAL, first) == record


@pytest.mark.parametrize("most", [1, 3])
async def test_the_number_of_tries_is_a_setting(
    world: World, outbound: Outbound, most: int
) -> None:
    stubborn = Outbound(
        world.db,
        outbound.gateway,
        with_settings(world.settings, sync_max_retries=most),
        "worker-2",
    )
    await world.tick()
    for _ in range(most):
        world.airtable.control.fault(status=503, method="PATCH")
        await stubborn.drain()
        await due_now(world)
    assert await world.statuses() == ["dead_letter"]


async def test_O9_an_id_airtable_does_not_know_makes_no_content(
    world: World, outbound: Outbound
) -> None:
    gone = world.habits[0]
    world.airtable.control.delete("Goede gewoontes", gone)
    await world.tick(habit=0)
    await world.tick(habit=1)
    await outbound.drain()
    assert sorted(await world.statuses()) == ["dead_letter", "processed"]
    assert world.airtable.control.count("Goede gewoontes") == 2


async def test_a_refusal_of_everything_ends(world: World, outbound: Outbound) -> None:
    await outbound.drain()
    table = world.settings.airtable_tables["goedeGewoonteGebruik"]
    world.airtable.control.fault(status=422, kind="CANNOT_SAVE", message="no", table=table, count=0)
    await world.tick()
    await outbound.drain()
    assert await world.statuses() == ["dead_letter"]
