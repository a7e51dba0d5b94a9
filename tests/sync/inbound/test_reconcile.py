"""Comparing both stores finds every kind of difference, and repairing ends them (sync 11.18)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.context import Context
from api._lib.outbox import Event, enqueue
from api._lib.sync.outbound import Outbound
from api._lib.sync.reconcile.model import Kind, Scope
from api._lib.sync.reconcile.run import KINDS
from tasks.dev.airtable.testing import AirtableServer
from tests.sync.inbound.reconciling import found, kinds, run
from tests.sync.inbound.test_activity import import_everything
from tests.sync.world import MONDAY, World

HABITS, GOALS = "Goede gewoontes gebruik", "Persoonlijke doelen"
PROGRAMS = "Mentale Fitnessprogramma's"
Prepare = Callable[[], Awaitable[None]]


async def test_after_the_first_fill_there_is_no_difference(
    ctx: Context, demo: AirtableServer, outbound: Outbound
) -> None:
    await import_everything(ctx)
    report = await run(ctx)
    differences = {c.entity: c.differences for c in report.comparisons if c.real}
    assert differences == {}
    assert report.exit_code == 0
    assert {comparison.entity for comparison in report.comparisons} == {*KINDS, "rewards"}
    for comparison in report.comparisons:
        assert comparison.matched == comparison.postgres == comparison.airtable
    stored = await ctx.db.fetch("SELECT entity, ok FROM reconcile_runs")
    assert {row["entity"] for row in stored} == {*KINDS, "rewards"}
    assert all(row["ok"] for row in stored)


async def test_cells_that_were_never_filled_in_are_no_difference_after_the_first_fill(
    ctx: Context, world: World, outbound: Outbound
) -> None:
    """A program that an older version of the app made has neither status nor kind."""
    create, own = world.airtable.control.create, {"Gebruikers": [world.user]}
    program = create(
        PROGRAMS, {"Gebruiker": [world.user], "Startdatum": "2026-03-02", "Notities": "Rust"}
    )
    create(GOALS, own)
    create("Persoonlijke Overtuigingen", own | {"Name": "Ik kan dit"})
    create(HABITS, own | {"Goede gewoontes": [world.habits[0]]})
    touched = (E.PROGRAM, E.PERSONAL_GOAL, E.PERSOONLIJKE_OVERTUIGING, E.GOEDE_GEWOONTE_USAGE)
    await import_everything(ctx)
    report = await run(ctx, *touched)
    assert {c.entity: c.matched for c in report.comparisons} == dict.fromkeys(touched, 1)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE programs SET notes = 'Kalm'")
        program_id = await tx.fetchval("SELECT id FROM programs")
        await enqueue(tx, [world.event(E.PROGRAM, program_id)])
    await outbound.drain()
    world.airtable.control.edit(PROGRAMS, program, {"Status": None})
    [difference] = (await found(ctx, E.PROGRAM)).differences
    assert (difference.kind, difference.fields) == (Kind.FIELD_MISMATCH, ("status",))


async def test_a_whole_run_costs_as_many_calls_as_there_are_tables(
    ctx: Context, demo: AirtableServer
) -> None:
    await import_everything(ctx)
    demo.control.clear_requests()
    report = await run(ctx)
    pages = sum(-(-c.airtable // 100) for c in report.comparisons if c.entity != "rewards")
    assert len(demo.control.requests()) == pages == sum(c.calls for c in report.comparisons)


async def test_equal_stores_are_equal(ctx: Context, ticked: World) -> None:
    comparison = await found(ctx, E.GOEDE_GEWOONTE_USAGE)
    assert (comparison.postgres, comparison.airtable, comparison.matched) == (3, 3, 3)
    assert comparison.ok


async def test_a_record_deleted_in_airtable_is_made_again(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    [record, *_] = ticked.airtable.control.records(HABITS)
    ticked.airtable.control.delete(HABITS, record["id"])
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.MISSING_IN_AIRTABLE]
    assert (await run(ctx, E.GOEDE_GEWOONTE_USAGE, repair=True)).repaired == 1
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.PENDING]
    await outbound.drain()
    assert (await found(ctx, E.GOEDE_GEWOONTE_USAGE)).ok
    assert ticked.airtable.control.count(HABITS) == 3


async def test_a_row_that_was_never_sent_is_sent(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    await ticked.db.execute(
        "INSERT INTO habit_completions (user_id, habit_id, completed_on) VALUES ($1, $2, $3)",
        ticked.user,
        ticked.habits[1],
        MONDAY,
    )
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.MISSING_IN_AIRTABLE]
    await run(ctx, E.GOEDE_GEWOONTE_USAGE, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.GOEDE_GEWOONTE_USAGE)).ok


async def test_our_values_win_where_we_own_them(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    [record] = ticked.airtable.control.records(GOALS)
    ticked.airtable.control.edit(GOALS, record["id"], {"Naam": "Anders", "Gebruikers": []})
    comparison = await found(ctx, E.PERSONAL_GOAL)
    assert kinds(comparison) == [Kind.FIELD_MISMATCH, Kind.LINK_MISMATCH]
    assert [d.fields for d in comparison.differences] == [("name",), ("user",)]
    assert all(difference.values is None for difference in comparison.differences)
    await run(ctx, E.PERSONAL_GOAL, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.PERSONAL_GOAL)).ok
    fields = ticked.airtable.control.record(GOALS, record["id"])["fields"]
    assert (fields["Naam"], fields["Gebruikers"]) == ("Wandelen", [ticked.user])


async def test_values_are_shown_only_when_asked_for(ctx: Context, ticked: World) -> None:
    [record] = ticked.airtable.control.records(GOALS)
    ticked.airtable.control.edit(GOALS, record["id"], {"Naam": "Anders"})
    comparison = await found(ctx, E.PERSONAL_GOAL, scope=Scope(show_values=True))
    [difference] = comparison.differences
    assert difference.values == {"name": ("Wandelen", "Anders")}


async def test_a_difference_with_an_event_on_its_way_is_none(ctx: Context, ticked: World) -> None:
    await ticked.tick(5)
    comparison = await found(ctx, E.GOEDE_GEWOONTE_USAGE)
    assert kinds(comparison) == [Kind.PENDING]
    assert comparison.ok


async def test_records_made_by_hand_are_reported_and_adopted_on_demand(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    fields = {
        "Gebruikers": [ticked.user],
        "Goede gewoontes": [ticked.habits[2]],
        "Datum": "2026-03-05",
    }
    ticked.airtable.control.create(HABITS, fields)
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.ONLY_IN_AIRTABLE]
    assert (await run(ctx, E.GOEDE_GEWOONTE_USAGE, repair=True)).repaired == 0
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.ONLY_IN_AIRTABLE]
    assert (await run(ctx, E.GOEDE_GEWOONTE_USAGE, adopt=True)).adopted == 1
    assert (await found(ctx, E.GOEDE_GEWOONTE_USAGE)).ok
    assert await ctx.db.fetchval("SELECT good_habits_score FROM user_rewards") == 20


async def test_copies_are_reported_and_deleted_but_the_linked_one_stays(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    [goal] = ticked.airtable.control.records(GOALS)
    copied = {name: goal["fields"][name] for name in ("Naam", "Gebruikers", "Status", "App ID")}
    ticked.airtable.control.create(GOALS, copied)
    [tick, *_] = ticked.airtable.control.records(HABITS)
    same_tick = {n: tick["fields"][n] for n in ("Gebruikers", "Goede gewoontes", "Datum")}
    ticked.airtable.control.create(HABITS, same_tick)
    for kind, table, kept in (
        (E.PERSONAL_GOAL, GOALS, goal),
        (E.GOEDE_GEWOONTE_USAGE, HABITS, tick),
    ):
        before = ticked.airtable.control.count(table)
        assert kinds(await found(ctx, kind)) == [Kind.DUPLICATE]
        await run(ctx, kind, repair=True)
        assert kinds(await found(ctx, kind)) == [Kind.PENDING]
        await outbound.drain()
        assert (await found(ctx, kind)).ok
        assert ticked.airtable.control.count(table) == before - 1
        assert ticked.airtable.control.record(table, kept["id"])


@pytest.mark.parametrize("is_alive", [True, False])
async def test_a_link_that_outlived_its_row_is_ended(
    ctx: Context, ticked: World, outbound: Outbound, is_alive: bool
) -> None:
    row = await ticked.db.fetchval(
        "DELETE FROM habit_completions WHERE completed_on = $1 RETURNING id", MONDAY
    )
    record = await ticked.record_id(E.GOEDE_GEWOONTE_USAGE, row)
    if not is_alive:
        ticked.airtable.control.delete(HABITS, str(record))
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.ORPHAN_LINK]
    await run(ctx, E.GOEDE_GEWOONTE_USAGE, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.GOEDE_GEWOONTE_USAGE)).ok
    assert ticked.airtable.control.count(HABITS) == 2


async def test_a_deleted_record_that_is_back_is_deleted_again(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    [record] = [r["id"] for r in ticked.airtable.control.records(GOALS)]
    await ticked.db.execute(
        """INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason, purged_at)
           VALUES ('personal_goal', $1, 'app', now())""",
        record,
    )
    await ticked.db.execute("DELETE FROM airtable_links WHERE entity_type = 'personal_goal'")
    await ticked.db.execute("DELETE FROM personal_goals")
    assert kinds(await found(ctx, E.PERSONAL_GOAL)) == [Kind.RESURRECTED]
    await run(ctx, E.PERSONAL_GOAL, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.PERSONAL_GOAL)).ok
    assert ticked.airtable.control.count(GOALS) == 0


async def test_content_is_taken_over(ctx: Context, demo: AirtableServer) -> None:
    await import_everything(ctx)
    [changed, gone, *_] = [r["id"] for r in demo.control.records("Methodes")]
    demo.control.edit(
        "Methodes", changed, {"Methode Naam": "Anders", "Doelstellingen (gekoppeld)": []}
    )
    demo.control.delete("Methodes", gone)
    new = demo.control.create("Methodes", {"Methode Naam": "Nieuw"})
    comparison = await found(ctx, "methods")
    assert {(d.kind, d.entity_id or d.record_id) for d in comparison.differences} == {
        (Kind.FIELD_MISMATCH, changed),
        (Kind.LINK_MISMATCH, changed),
        (Kind.MISSING_IN_AIRTABLE, gone),
        (Kind.ONLY_IN_AIRTABLE, new),
    }
    await run(ctx, "methods", repair=True)
    assert (await found(ctx, "methods")).ok


async def test_P4_equal_counts_with_other_content_are_found(ctx: Context, ticked: World) -> None:
    ids = [record["id"] for record in ticked.airtable.control.records(HABITS)]
    ticked.airtable.control.edit(HABITS, ids[0], {"Datum": "2026-01-01"})
    counted = await found(ctx, E.GOEDE_GEWOONTE_USAGE, scope=Scope(counts_only=True))
    assert counted.ok
    assert not (await found(ctx, E.GOEDE_GEWOONTE_USAGE)).ok
    ticked.airtable.control.delete(HABITS, ids[0])
    counted = await found(ctx, E.GOEDE_GEWOONTE_USAGE, scope=Scope(counts_only=True))
    assert not counted.ok


async def test_a_sample_compares_some_records_only(ctx: Context, ticked: World) -> None:
    ticked.airtable.control.clear_requests()
    comparison = await found(ctx, E.GOEDE_GEWOONTE_USAGE, scope=Scope(sample=2))
    assert (comparison.postgres, comparison.matched, comparison.ok) == (2, 2, True)
    assert len(ticked.airtable.control.requests()) == 1


async def test_only_what_changed_lately_on_either_side(ctx: Context, ticked: World) -> None:
    ticked.airtable.control.advance(3_600)
    since = ctx.clock.now() + timedelta(minutes=50)
    await ticked.db.execute("UPDATE habit_completions SET completed_on = completed_on + 30")
    records = ticked.airtable.control.records(GOALS)
    ticked.airtable.control.edit(GOALS, records[0]["id"], {"Naam": "Anders"})
    scope = Scope(since=since)
    assert kinds(await found(ctx, E.PERSONAL_GOAL, scope=scope)) == [Kind.FIELD_MISMATCH]
    assert (await found(ctx, E.GOEDE_GEWOONTE_USAGE, scope=scope)).postgres == 0
    earlier = Scope(since=ctx.clock.now() - timedelta(minutes=5))
    comparison = await found(ctx, E.GOEDE_GEWOONTE_USAGE, scope=earlier)
    assert kinds(comparison) == [Kind.FIELD_MISMATCH] * 3


async def test_repairs_are_limited_unless_forced(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    for record in ticked.airtable.control.records(HABITS):
        ticked.airtable.control.edit(HABITS, record["id"], {"Datum": "2026-01-01"})
    report = await run(ctx, E.GOEDE_GEWOONTE_USAGE, repair=True, most_repairs=2)
    assert (report.repaired, report.left) == (2, 1)
    report = await run(ctx, E.GOEDE_GEWOONTE_USAGE, repair=True, most_repairs=None)
    assert (report.repaired, report.left) == (1, 0)


async def test_one_table_out_of_reach_stops_no_other(ctx: Context, ticked: World) -> None:
    table = ctx.airtable.table_id("personalGoals")
    ticked.airtable.control.fault(status=503, table=table, count=0)
    report = await run(ctx, E.PERSONAL_GOAL, E.GOEDE_GEWOONTE_USAGE)
    [goals, habits] = report.comparisons
    assert goals.ok is None
    assert habits.ok
    assert report.exit_code == 2


async def test_activity_counts_the_same_in_both_stores(ctx: Context, ticked: World) -> None:
    usages = (
        E.METHOD_USAGE,
        E.GOEDE_GEWOONTE_USAGE,
        E.PERSONAL_GOAL_USAGE,
        E.OVERTUIGING_USAGE,
    )
    [*_, parity] = (await run(ctx, *usages)).comparisons
    assert (parity.entity, parity.ok) == ("rewards", True)
    fields = {"Gebruikers": [ticked.user], "Goede gewoontes": [ticked.habits[2]]}
    ticked.airtable.control.create(HABITS, fields | {"Datum": "2026-03-05"})
    [*_, parity] = (await run(ctx, *usages)).comparisons
    [difference] = parity.differences
    assert (difference.kind, difference.fields) == (Kind.PARITY, ("habits",))
    await ticked.db.execute("UPDATE outbox_events SET processed_at = now() + interval '1 hour'")
    [*_, parity] = (await run(ctx, *usages)).comparisons
    assert (parity.postgres, parity.ok) == (0, True)


async def test_what_is_sent_while_we_read_is_no_difference(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    goal = await ticked.db.fetchval("SELECT id FROM personal_goals")
    async with ticked.db.transaction() as tx:
        await tx.execute("UPDATE personal_goals SET name = 'Anders'")
        await enqueue(tx, [Event(entity_type=E.PERSONAL_GOAL, entity_id=goal)])
    await outbound.drain()
    await ticked.db.execute("UPDATE airtable_links SET pushed_at = now() + interval '1 hour'")
    [record] = ticked.airtable.control.records(GOALS)
    ticked.airtable.control.edit(GOALS, record["id"], {"Naam": "oud"})
    assert (await found(ctx, E.PERSONAL_GOAL)).ok


async def test_a_row_with_an_impossible_link_is_reported(ctx: Context, ticked: World) -> None:
    ghost = f"rec{uuid4().hex[:14]}"
    await ticked.db.execute("INSERT INTO habits (id, name) VALUES ($1, 'x')", ghost)
    await ticked.db.execute("UPDATE habits SET archived_at = NULL WHERE id = $1", ghost)
    await ticked.db.execute(
        "UPDATE habit_completions SET habit_id = $1 WHERE completed_on = $2", ghost, MONDAY
    )
    assert kinds(await found(ctx, E.GOEDE_GEWOONTE_USAGE)) == [Kind.LINK_MISMATCH]
