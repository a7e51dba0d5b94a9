"""Dead letters: seen, replayed, discarded, and tried again by themselves after an outage."""

import os
import subprocess
from datetime import timedelta
from typing import Any

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.db import Database
from api._lib.sync import letters
from api._lib.sync.letters import Search
from api._lib.sync.outbound import Outbound
from api._lib.sync.rules import ErrorClass
from tests.prepared import prepared_python
from tests.sync.workers import ROOT
from tests.sync.world import World


async def die(world: World, outbound: Outbound, status: int = 422, **fault: Any) -> None:
    """Let what is due fail until it is dead."""
    details = {"kind": "CANNOT_SAVE", "message": 'no "geheim"'} if status == 422 else {}
    world.airtable.control.fault(status=status, method="PATCH", count=0, **details, **fault)
    for _ in range(6):
        await outbound.drain()
        await world.let_go()
        await world.redis_forgets()
    world.airtable.control.clear_faults()


async def newest(db: Database) -> letters.Letter:
    (letter,) = await letters.find_letters(db, Search(with_resolved=True), 1)
    return letter


async def test_letters_are_listed_newest_first(world: World, outbound: Outbound) -> None:
    tick = await world.tick()
    await world.add(E.PERSONAL_GOAL, name="A")
    await die(world, outbound)
    found = await letters.find_letters(world.db, Search(), 50)
    assert len(found) == 2
    newest, older = [(letter.created_at, letter.id) for letter in found]
    assert newest > older
    (habit,) = await letters.find_letters(world.db, Search(E.GOEDE_GEWOONTE_USAGE), 50)
    assert (habit.entity_id, habit.error_class) == (str(tick), "permanent")
    assert "geheim" not in habit.error_message
    assert await letters.find_letters(world.db, Search(error_class=ErrorClass.BUG), 50) == []


async def test_F4_a_replay_sends_the_event_once(world: World, outbound: Outbound) -> None:
    tick = await world.tick()
    await die(world, outbound)
    letter = await newest(world.db)
    assert await letters.replay_letter(world.db, letter.id) is True
    assert await letters.replay_letter(world.db, letter.id) is False
    assert await letters.replay_letter(world.db, 999) is None
    (event,) = await world.events()
    assert (event["status"], event["attempt_count"]) == ("pending", 0)
    await outbound.drain()
    assert str(tick) in await world.records(E.GOEDE_GEWOONTE_USAGE)
    settled = await newest(world.db)
    assert (settled.resolution, settled.replay_count) == ("replayed", 1)


async def test_a_replay_merges_into_a_waiting_event(world: World, outbound: Outbound) -> None:
    await world.change_user("name")
    await die(world, outbound)
    await world.change_user("language_code")
    await letters.replay_letter(world.db, (await newest(world.db)).id)
    dead, waiting = await world.events()
    assert (dead["status"], waiting["status"]) == ("superseded", "pending")
    assert waiting["changed_fields"] == ["language_code", "name"]


async def test_F4_a_letter_whose_event_is_gone_makes_a_new_one(
    world: World, outbound: Outbound
) -> None:
    await world.change_user("name")
    await die(world, outbound)
    await world.db.execute("DELETE FROM outbox_events")
    await letters.replay_letter(world.db, (await newest(world.db)).id)
    (event,) = await world.events()
    assert (event["status"], event["entity_id"]) == ("pending", world.user)
    assert event["changed_fields"] == ["name"]


async def test_O15_a_replay_that_dies_again_keeps_its_count(
    world: World, outbound: Outbound
) -> None:
    await world.tick()
    for replays in range(3):
        await die(world, outbound)
        letter = await newest(world.db)
        assert (letter.replay_count, letter.resolution) == (replays, None)
        await letters.replay_letter(world.db, letter.id)


async def test_all_letters_of_a_kind_are_replayed(world: World, outbound: Outbound) -> None:
    for day in range(3):
        await world.tick(day=day)
    await world.add(E.PERSONAL_GOAL, name="A")
    await die(world, outbound)
    assert await letters.replay_matching(world.db, Search(E.GOEDE_GEWOONTE_USAGE)) == 3
    assert await letters.replay_matching(world.db, Search(E.GOEDE_GEWOONTE_USAGE)) == 0
    await outbound.drain()
    assert len(await world.records(E.GOEDE_GEWOONTE_USAGE)) == 3
    assert await world.records(E.PERSONAL_GOAL) == {}


async def test_a_replay_waits_until_the_last_try_cannot_run_any_more(
    world: World, outbound: Outbound
) -> None:
    await world.tick()
    await world.db.execute("UPDATE outbox_events SET attempt_count = 5")
    world.airtable.control.fault(drop=True, when="after", method="PATCH")
    await outbound.drain()
    assert await letters.replay_letter(world.db, (await newest(world.db)).id) is True
    (event,) = await world.events()
    assert (event["status"], event["error_class"]) == ("pending", "ambiguous")
    await outbound.drain()
    assert await world.statuses() == ["pending"]
    await world.let_go()
    await outbound.drain()
    assert await world.statuses() == ["processed"]


async def test_a_discarded_letter_stays_dead(world: World, outbound: Outbound) -> None:
    await world.tick()
    await die(world, outbound)
    letter = await newest(world.db)
    assert await letters.discard_letter(world.db, letter.id, "test")
    assert not await letters.discard_letter(world.db, letter.id, "again")
    assert await letters.replay_letter(world.db, letter.id) is False
    assert await world.statuses() == ["dead_letter"]
    shown = await letters.show_letter(world.db, letter.id)
    assert shown is not None
    assert shown["note"] == "test"


async def test_O5_a_discarded_create_that_may_have_run_is_found_and_deleted(
    world: World, outbound: Outbound
) -> None:
    tick = await world.tick()
    world.airtable.control.fault(drop=True, when="after", method="PATCH", count=0)
    for _ in range(6):
        await outbound.drain()
        await world.let_go()
        await world.redis_forgets()
    world.airtable.control.clear_faults()
    assert await letters.discard_letter(world.db, (await newest(world.db)).id, "test")
    assert str(tick) in await world.records(E.GOEDE_GEWOONTE_USAGE)
    await world.untick(tick)
    await outbound.drain()
    assert await world.records(E.GOEDE_GEWOONTE_USAGE) == {}
    assert await world.statuses() == ["superseded", "processed"]
    assert (await newest(world.db)).resolution == "discarded"


async def test_F3_what_died_of_an_outage_is_tried_again_when_it_is_over(
    world: World, outbound: Outbound
) -> None:
    tick = await world.tick()
    await die(world, outbound, status=503)
    assert (await newest(world.db)).error_class == "ambiguous"

    async def age(**by: int) -> None:
        await world.db.execute(
            "UPDATE outbox_dead_letters SET created_at = created_at - $1::interval",
            timedelta(**by),
        )

    await age(minutes=14)
    assert await letters.replay_due(world.db) == 0
    await age(minutes=2)
    # Nothing was delivered since, so the outage may not be over.
    assert await letters.replay_due(world.db) == 0
    await world.tick(day=1)
    await outbound.drain()
    assert await letters.replay_due(world.db) == 1
    await outbound.drain()
    assert str(tick) in await world.records(E.GOEDE_GEWOONTE_USAGE)


@pytest.mark.parametrize(("status", "replays"), [(422, 0), (503, 3)])
async def test_permanent_errors_are_not_replayed_and_others_three_times(
    world: World, outbound: Outbound, status: int, replays: int
) -> None:
    tick = await world.tick()
    await world.tick(day=1)
    replayed = 0
    for _ in range(5):
        await die(world, outbound, status, contains=str(tick))
        await world.db.execute(
            "UPDATE outbox_dead_letters SET created_at = now() - interval '7 hours'"
        )
        await world.db.execute(
            "UPDATE outbox_events SET processed_at = now() WHERE status = 'processed'"
        )
        replayed += await letters.replay_due(world.db)
    assert replayed == replays


def run(environ: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [prepared_python(), str(ROOT / "tasks" / "dead_letters.py"), *arguments],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--limit", "-1"),
        ("list", "--since", "gisteren"),
        ("show", "99999999999999999999"),
        ("discard", "1", "--note", " "),
    ],
)
def test_arguments_that_make_no_sense_are_told_in_one_line(
    environ: dict[str, str], arguments: tuple[str, ...]
) -> None:
    refused = run(environ, *arguments)
    assert refused.returncode == 4
    assert "Traceback" not in refused.stderr


async def test_operators_list_show_replay_and_discard(
    world: World, outbound: Outbound, airtable_environ: dict[str, str]
) -> None:
    tick = await world.tick()
    await world.add(E.PERSONAL_GOAL, name="A")
    await die(world, outbound)
    listed = run(airtable_environ, "list", "--entity", "goede_gewoonte_usage")
    assert (listed.returncode, str(tick) in listed.stdout) == (0, True)
    (habit,) = await letters.find_letters(world.db, Search(E.GOEDE_GEWOONTE_USAGE), 1)
    (goal,) = await letters.find_letters(world.db, Search(E.PERSONAL_GOAL), 1)
    shown = run(airtable_environ, "show", str(habit.id))
    assert '"error_class": "permanent"' in shown.stdout
    assert run(airtable_environ, "replay", str(habit.id)).stdout == "1 replayed\n"
    assert run(airtable_environ, "discard", str(goal.id), "--note", "test").returncode == 0
    assert run(airtable_environ, "discard", str(goal.id), "--note", "test").returncode == 1
    assert run({}, "list").returncode == 4
