"""I2: after the queue drains, every field of ours in Airtable is what the row says now."""

from datetime import timedelta

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.mapping import ENTITIES
from api._lib.settings import Backend
from api._lib.sync.outbound import Outbound
from tests.airtable import with_settings
from tests.sync.world import MONDAY, World


async def test_O1_a_to_b_to_a_ends_at_a(world: World, outbound: Outbound) -> None:
    made = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    for name in ("B", "A"):
        await world.change(E.PERSONAL_GOAL, made, name=name)
        await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(made)]["Naam"] == "A"
    assert await world.statuses() == ["processed"] * 3


async def test_example_1_coalesced_changes_are_one_request(
    world: World, outbound: Outbound
) -> None:
    made = await world.add(E.PERSONAL_GOAL, name="Old")
    await outbound.drain()
    world.airtable.control.clear_requests()
    await world.change(E.PERSONAL_GOAL, made, name="A")
    await world.change(E.PERSONAL_GOAL, made, status="Voltooid")
    await world.change(E.PERSONAL_GOAL, made, status="Actief")
    last = (await world.events())[-1]
    assert (last["merged_count"], last["status"]) == (3, "pending")
    await outbound.drain()
    assert len(world.writes()) == 1
    assert (await world.records(E.PERSONAL_GOAL))[str(made)]["Naam"] == "A"


async def test_example_1_a_change_and_back_needs_no_request(
    world: World, outbound: Outbound
) -> None:
    made = await world.add(E.PERSONAL_GOAL, name="Old")
    await outbound.drain()
    world.airtable.control.clear_requests()
    await world.change(E.PERSONAL_GOAL, made, status="Voltooid")
    await world.change(E.PERSONAL_GOAL, made, status="Actief")
    await outbound.drain()
    assert world.writes() == []
    assert (await world.statuses())[-1] == "processed"


async def test_an_event_out_of_order_writes_the_newest_state(
    world: World, outbound: Outbound
) -> None:
    made = await world.add(E.PERSONAL_GOAL, name="A")
    await world.db.execute("UPDATE personal_goals SET name = 'B'")
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(made)]["Naam"] == "B"


async def test_example_5_shared_fields_are_sent_only_when_the_event_names_them(
    world: World, outbound: Outbound
) -> None:
    await world.change_user("language_code", language_code="fr")
    await outbound.drain()
    assert world.airtable.control.record("Gebruikers", world.user)["fields"]["Taalcode"] == "fr"
    world.airtable.control.edit("Gebruikers", world.user, {"Taalcode": "en"})
    await world.change_user(last_login_on=MONDAY)
    await outbound.drain()
    fields = world.airtable.control.record("Gebruikers", world.user)["fields"]
    assert (fields["Taalcode"], fields["Laatste login"]) == ("en", "2026-03-02")


async def test_a_named_shared_field_is_sent_even_if_nothing_else_changed(
    world: World, outbound: Outbound
) -> None:
    await world.change_user()
    await outbound.drain()
    world.airtable.control.edit("Gebruikers", world.user, {"Naam": "Anders"})
    await world.change_user("name")
    await outbound.drain()
    assert world.airtable.control.record("Gebruikers", world.user)["fields"]["Naam"] == "An"


async def test_D3_password_hashes_stay_here(world: World, outbound: Outbound) -> None:
    await world.change_user("password_hash", password_hash="$2b$12$abc")
    await outbound.drain()
    fields = world.airtable.control.record("Gebruikers", world.user)["fields"]
    assert "Paswoord Hash" not in fields


async def test_D3_password_hashes_can_be_exported(world: World, outbound: Outbound) -> None:
    exporting = with_settings(world.settings, sync_export_password_hash=True)
    sender = Outbound(world.db, outbound.gateway, exporting, "worker-2")
    await world.change_user("password_hash", password_hash="$2b$12$abc")
    await sender.drain()
    fields = world.airtable.control.record("Gebruikers", world.user)["fields"]
    assert fields["Paswoord Hash"] == "$2b$12$abc"


async def test_rewards_stay_here_when_their_flag_says_airtable(
    world: World, outbound: Outbound
) -> None:
    modes = {**world.settings.backends, "REWARDS": Backend.AIRTABLE_ONLY}
    sender = Outbound(
        world.db, outbound.gateway, with_settings(world.settings, backends=modes), "worker-2"
    )
    await world.db.execute("UPDATE user_rewards SET bonus_points = 7")
    await world.change_user(last_login_on=MONDAY)
    await sender.drain()
    fields = world.airtable.control.record("Gebruikers", world.user)["fields"]
    assert "Bonus Punten" not in fields
    assert fields["Laatste login"] == "2026-03-02"


async def test_O19_dates_are_the_stored_day(world: World, outbound: Outbound) -> None:
    days = [world.tick(day=day) for day in (0, 27, 300)]
    ticks = [await tick for tick in days]
    await outbound.drain()
    made = await world.records(E.GOEDE_GEWOONTE_USAGE)
    dates = [made[str(tick)]["Datum"] for tick in ticks]
    assert dates == [str(MONDAY + timedelta(days=day)) for day in (0, 27, 300)]


async def test_6_14_a_missing_option_of_our_own_selects_is_added(
    world: World, outbound: Outbound
) -> None:
    program, _ = await world.program()
    await world.db.execute("UPDATE programs SET duration_label = '11 weken'")
    await outbound.drain()
    fields = (await world.records(E.PROGRAM))[str(program)]
    assert fields["Duur van programma"] == "11 weken"
    assert fields["Gebruiker"] == [world.user]
    assert await world.statuses() == ["processed"]


async def test_O18_a_goal_that_was_made_in_airtable_is_changed_there(
    world: World, outbound: Outbound
) -> None:
    title = "Persoonlijke doelen"
    record = world.airtable.control.create(title, {"Naam": "A"})
    goal = await world.db.fetchval(
        "INSERT INTO personal_goals (user_id, name) VALUES ($1, 'A') RETURNING id", world.user
    )
    await world.db.execute(
        """INSERT INTO airtable_links
           (entity_type, entity_id, airtable_record_id, airtable_table_id)
           VALUES ('personal_goal', $1, $2, $3)""",
        str(goal),
        record,
        world.settings.airtable_tables["personalGoals"],
    )
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    await outbound.drain()
    assert [r["fields"]["Naam"] for r in world.airtable.control.records(title)] == ["B"]


async def test_content_that_airtable_lost_is_left_out_of_lists(
    world: World, outbound: Outbound
) -> None:
    gone = world.methods[0]
    world.airtable.control.delete("Methodes", gone)
    await world.db.execute("UPDATE methods SET archived_at = now() WHERE id = $1", gone)
    program, _ = await world.program()
    await outbound.drain()
    fields = (await world.records(E.PROGRAM))[str(program)]
    assert fields["Mentale methode"] == [world.methods[2], world.methods[1]]


@pytest.mark.parametrize("kind", [kind for kind in E if kind is not E.USER])
def test_every_owned_field_is_a_column_of_the_query(kind: E) -> None:
    entity = ENTITIES[kind]
    for field in entity.owned:
        assert (
            f'"{field.name}"' in entity.query
            or f"AS {field.name}" in entity.query
            or (f".{field.name}" in entity.query)
        )


async def test_a_change_and_back_is_sent_when_the_answer_in_between_was_lost(
    world: World, outbound: Outbound
) -> None:
    goal = await world.add(E.PERSONAL_GOAL, name="A")
    await outbound.drain()
    await world.change(E.PERSONAL_GOAL, goal, name="B")
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(goal)]["Naam"] == "B"
    await world.change(E.PERSONAL_GOAL, goal, name="A")
    await outbound.drain()
    assert (await world.records(E.PERSONAL_GOAL))[str(goal)]["Naam"] == "A"
