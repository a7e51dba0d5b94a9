"""Content as it stands in Airtable stands in Postgres."""

from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest

from api._lib.content import service as content
from api._lib.context import Context
from api._lib.sync.inbound.content import import_changed, import_content, import_order
from api._lib.sync.inbound.content_tables import CONTENT, ContentTable
from api._lib.sync.inbound.outcome import Outcome
from tasks.dev.airtable.testing import AirtableServer

METHODS, GOALS = CONTENT["methods"], CONTENT["goals"]


async def import_all(ctx: Context) -> dict[str, Outcome]:
    return {name: await import_content(ctx, table) for name, table in CONTENT.items()}


async def rows(ctx: Context, relation: str) -> list[dict[str, Any]]:
    found = await ctx.db.fetch(f"SELECT * FROM {relation} ORDER BY sort_order, 1")
    return [dict(row) for row in found]


async def versions(ctx: Context) -> dict[str, Any]:
    """When each row of each table was last written."""
    tables = [table.relation for table in CONTENT.values()]
    links = [link.name for table in CONTENT.values() for link in table.links]
    found = {}
    for name in [*tables, *links]:
        listed = await ctx.db.fetch(f"SELECT t::text AS row FROM {name} t ORDER BY 1")
        found[name] = [row["row"] for row in listed]
    return found


async def test_every_content_table_of_the_demo_base_arrives(
    ctx: Context, demo: AirtableServer
) -> None:
    outcomes = await import_all(ctx)
    for name, table in CONTENT.items():
        count = demo.control.count(table.table.title)
        assert outcomes[name].read == count > 0
        assert outcomes[name].failed == 0
        assert await ctx.db.fetchval(f"SELECT count(*) FROM {table.relation}") == count
    stubs = "SELECT count(*) FROM methods WHERE content_hash = ''"
    assert await ctx.db.fetchval(stubs) == 0


async def test_a_method_arrives_whole(ctx: Context, airtable: AirtableServer) -> None:
    goals = [airtable.control.create("Doelstellingen", {"Doelstelling Naam": n}) for n in "ab"]
    level = airtable.control.create("Ervaringsniveaus", {"Name": "Beginner"})
    media = airtable.control.create("Media", {"Bestandsnaam": "Adem", "Type": "audio"})
    photo = [{"url": "https://files.test/adem.png", "filename": "adem ruimte.png"}]
    method = airtable.control.create(
        "Methodes",
        {
            "Methode Naam": "Ademruimte",
            "Duur (minuten)": 12.5,
            "Beschrijving": "# Adem",
            "Techniek": "Tel tot vier",
            "Ervaringsniveau (gekoppeld)": [level],
            "Optimale frequentie": ["Dagelijks", "Ad-hoc"],
            "Doelstellingen (gekoppeld)": list(reversed(goals)),
            "Foto": photo,
            "Media": [media],
            "Punten waarde": 7.5,
        },
    )
    await import_all(ctx)
    [row] = await rows(ctx, "methods")
    assert row["id"] == method
    assert (row["name"], row["duration_minutes"], row["points_value"]) == ("Ademruimte", 13, 8)
    assert (row["description"], row["technique"]) == ("# Adem", "Tel tot vier")
    assert row["optimal_frequency"] == ["Dagelijks", "Ad-hoc"]
    assert row["photo_filename"] == "adem ruimte.png"
    assert "/large/" in row["photo_url"]
    [seen] = await content.items(ctx, content.METHODS)
    assert seen.linked_goal_ids == list(reversed(goals))
    assert seen.experience_level == "Beginner"
    assert seen.media == [media]
    assert seen.photo == f"/api/attachments/{method}/adem%20ruimte.png"


@pytest.mark.parametrize(
    ("cell", "points"),
    [(None, 5), (0, 5), (-3, 5), (0.4, 1), (2.5, 3), (10.4, 10), (99, 10)],
)
async def test_points_of_a_method_are_whole_and_between_one_and_ten(
    ctx: Context, airtable: AirtableServer, cell: float | None, points: int
) -> None:
    airtable.control.create("Methodes", {"Methode Naam": "Adem", "Punten waarde": cell})
    await import_content(ctx, METHODS)
    assert await ctx.db.fetchval("SELECT points_value FROM methods") == points


async def test_N11_an_unchanged_poll_writes_no_row(ctx: Context, demo: AirtableServer) -> None:
    await import_all(ctx)
    before = await versions(ctx)
    outcomes = await import_all(ctx)
    assert await versions(ctx) == before
    assert all(outcome.inserted == outcome.updated == 0 for outcome in outcomes.values())


async def test_N12_old_addresses_of_files_are_renewed_without_a_visible_change(
    ctx: Context, demo: AirtableServer
) -> None:
    await import_all(ctx)
    aged = "UPDATE methods SET photo_fetched_at = now() - $1::interval WHERE photo_url IS NOT NULL"
    await ctx.db.execute(aged, timedelta(minutes=59))
    assert (await import_content(ctx, METHODS)).updated == 0
    await ctx.db.execute(aged, timedelta(minutes=61))
    before = await ctx.db.fetchval("SELECT count(*) FROM methods WHERE photo_url IS NOT NULL")
    listed = await content.items(ctx, content.METHODS)
    assert (await import_content(ctx, METHODS)).updated == before > 0
    fresh = "SELECT count(*) FROM methods WHERE photo_fetched_at > now() - interval '1 minute'"
    assert await ctx.db.fetchval(fresh) == before
    assert await content.items(ctx, content.METHODS) is listed


async def test_the_view_decides_order_and_visibility(
    ctx: Context, airtable: AirtableServer
) -> None:
    a, b, c = (airtable.control.create("Methodes", {"Methode Naam": n}) for n in "abc")
    airtable.control.reorder("Methodes", "App", [c, b, a])
    airtable.control.hide("Methodes", "App", [b])
    await import_content(ctx, METHODS)
    assert [method.id for method in await content.items(ctx, content.METHODS)] == [c, a]
    assert (await content.method(ctx, b)).name == "b"
    airtable.control.reorder("Methodes", "App", [a, c])
    airtable.control.reveal("Methodes", "App", [b])
    assert await import_order(ctx, METHODS) > 0
    assert [method.id for method in await content.items(ctx, content.METHODS)] == [a, c, b]
    before = await rows(ctx, "methods")
    assert (await import_content(ctx, METHODS)).updated == 0
    assert await import_order(ctx, METHODS) == 0
    assert await rows(ctx, "methods") == before


async def test_a_missing_view_keeps_order_and_visibility(
    ctx: Context, airtable: AirtableServer
) -> None:
    a, b, c = (airtable.control.create("Methodes", {"Methode Naam": n}) for n in "abc")
    airtable.control.reorder("Methodes", "App", [c, a, b])
    airtable.control.hide("Methodes", "App", [a])
    await import_content(ctx, METHODS)
    airtable.control.drop_view("Methodes", "App")
    d = airtable.control.create("Methodes", {"Methode Naam": "d"})
    airtable.control.edit("Methodes", c, {"Methode Naam": "C"})
    outcome = await import_content(ctx, METHODS)
    assert (outcome.inserted, outcome.updated) == (1, 1)
    listed = await content.items(ctx, content.METHODS)
    assert [(m.id, m.name) for m in listed] == [(c, "C"), (b, "b"), (d, "d")]


async def test_N8_a_record_gone_is_archived_and_comes_back(
    ctx: Context, airtable: AirtableServer
) -> None:
    kept, gone = (airtable.control.create("Methodes", {"Methode Naam": n}) for n in "ab")
    await import_content(ctx, METHODS)
    airtable.control.delete("Methodes", gone)
    assert (await import_content(ctx, METHODS)).removed == 1
    assert [method.id for method in await content.items(ctx, content.METHODS)] == [kept]
    assert (await content.method(ctx, gone)).name == "b"
    await ctx.db.execute("UPDATE methods SET archived_at = now() WHERE id = $1", kept)
    assert (await import_content(ctx, METHODS)).updated == 1
    assert await ctx.db.fetchval("SELECT archived_at FROM methods WHERE id = $1", kept) is None


@pytest.mark.parametrize(("known", "gone", "archived"), [(6, 5, 5), (30, 6, 6), (12, 6, 0)])
async def test_removals_that_look_like_a_mistake_wait_for_an_operator(
    ctx: Context, airtable: AirtableServer, known: int, gone: int, archived: int
) -> None:
    ids = [
        airtable.control.create("Doelstellingen", {"Doelstelling Naam": str(n)})
        for n in range(known)
    ]
    await import_content(ctx, GOALS)
    for record_id in ids[:gone]:
        airtable.control.delete("Doelstellingen", record_id)
    airtable.control.edit("Doelstellingen", ids[-1], {"Doelstelling Naam": "nieuw"})
    outcome = await import_content(ctx, GOALS)
    assert outcome.removed == archived
    renamed = "SELECT name FROM goals WHERE id = $1"
    assert await ctx.db.fetchval(renamed, ids[-1]) == "nieuw"
    assert (outcome.warning is None) == (archived > 0)
    assert (await import_content(ctx, GOALS, confirmed=True)).removed == gone - archived


async def test_an_emptied_table_or_view_removes_nothing(
    ctx: Context, airtable: AirtableServer
) -> None:
    ids = [airtable.control.create("Methodes", {"Methode Naam": n}) for n in "ab"]
    await import_content(ctx, METHODS)
    airtable.control.hide("Methodes", "App", ids)
    assert (await import_content(ctx, METHODS)).warning == "hiding refused"
    await import_order(ctx, METHODS)
    assert len(await content.items(ctx, content.METHODS)) == 2
    for record_id in ids:
        airtable.control.delete("Methodes", record_id)
    assert (await import_content(ctx, METHODS)).warning == "removals refused"
    assert len(await content.items(ctx, content.METHODS)) == 2


async def test_links_to_records_not_read_yet_make_stubs(
    ctx: Context, airtable: AirtableServer
) -> None:
    goal = airtable.control.create("Doelstellingen", {"Doelstelling Naam": "Rust"})
    method = {"Methode Naam": "Adem", "Doelstellingen (gekoppeld)": [goal]}
    airtable.control.create("Methodes", method)
    await import_content(ctx, METHODS)
    [seen] = await content.items(ctx, content.METHODS)
    assert seen.linked_goal_ids == [goal]
    assert await content.items(ctx, content.GOALS) == []
    await import_content(ctx, GOALS)
    assert [found.name for found in await content.items(ctx, content.GOALS)] == ["Rust"]


async def test_links_of_other_records_stay_when_one_is_read_again(
    ctx: Context, airtable: AirtableServer
) -> None:
    goal = airtable.control.create("Doelstellingen", {"Doelstelling Naam": "Rust"})
    method = {"Methode Naam": "Adem", "Doelstellingen (gekoppeld)": [goal]}
    first, second = [airtable.control.create("Methodes", method) for _ in range(2)]
    await import_content(ctx, METHODS)
    airtable.control.edit("Methodes", first, {"Doelstellingen (gekoppeld)": None})
    await import_changed(ctx, METHODS, [first], [])
    linked = await ctx.db.fetch("SELECT method_id::text FROM method_goals")
    assert [row["method_id"] for row in linked] == [second]


async def test_a_stub_whose_record_does_not_exist_is_archived(
    ctx: Context, airtable: AirtableServer
) -> None:
    airtable.control.create("Doelstellingen", {"Doelstelling Naam": "Rust"})
    await ctx.db.execute("INSERT INTO goals (id, name) VALUES ('recNobody00000001', '')")
    await ctx.db.execute("UPDATE goals SET synced_at = now() - interval '1 minute'")
    await import_content(ctx, GOALS)
    stub = "SELECT archived_at IS NOT NULL FROM goals WHERE id = 'recNobody00000001'"
    assert await ctx.db.fetchval(stub)


async def test_links_follow_airtable_in_both_lists_of_beliefs_and_categories(
    ctx: Context, airtable: AirtableServer
) -> None:
    async def both_sides_agree() -> bool:
        shown = {
            record["id"]: record["fields"].get(field, [])
            for table, field in (
                ("Mindset Category", "Overtuigingen"),
                ("Overtuigingen", "Category"),
            )
            for record in airtable.control.records(table)
        }
        categories = await content.items(ctx, content.CATEGORIES)
        beliefs = await content.items(ctx, content.BELIEFS)
        ours = {category.id: category.overtuiging_ids for category in categories}
        return ours | {belief.id: belief.category_ids for belief in beliefs} == shown

    a, b, c = (airtable.control.create("Overtuigingen", {"Name": n}) for n in "abc")
    x, y = (airtable.control.create("Mindset Category", {"Name": n}) for n in "xy")
    for belief, categories in ((b, [y, x]), (a, [x]), (c, [y])):
        airtable.control.edit("Overtuigingen", belief, {"Category": categories})
    await import_all(ctx)
    assert await both_sides_agree()
    for belief, categories in ((b, [x, y]), (a, [y]), (c, [])):
        airtable.control.edit("Overtuigingen", belief, {"Category": categories})
    await import_all(ctx)
    assert await both_sides_agree()
    before = await versions(ctx)
    await import_all(ctx)
    assert await versions(ctx) == before


async def test_one_bad_record_is_reported_and_spoils_nothing(
    ctx: Context, airtable: AirtableServer
) -> None:
    control = airtable.control
    control.create("Dagen van de week", {"Name": "Maandag"})
    control.create("Dagen van de week", {"Name": "Maandag"})
    control.create("Dagen van de week", {"Name": "Feestdag"})
    control.create("Doelstellingen", {"Doelstelling Naam": "Rust", "Status": "Ooit"})
    control.create("Doelstellingen", {"Beschrijving": "Zonder naam"})
    control.create("Vertalingen", {"Key": " a ", "nl": "A"})
    control.create("Vertalingen", {"Key": "a", "nl": "nog eens"})
    control.create("Vertalingen", {"nl": "zonder sleutel"})
    control.create("Vertalingen", {"Key": token_hex(5_000), "nl": "lange sleutel"})
    outcomes = await import_all(ctx)
    assert [row["iso_weekday"] for row in await rows(ctx, "weekdays")] == [1, None, None]
    assert [(r["name"], r["status"]) for r in await rows(ctx, "goals")] == [
        ("Rust", None),
        ("", None),
    ]
    assert [goal.name for goal in await content.items(ctx, content.GOALS)] == ["Rust"]
    assert [(row["key"], row["nl"]) for row in await rows(ctx, "translations")] == [("a", "A")]
    assert outcomes["translations"].failed == 3


@pytest.mark.parametrize("table", CONTENT.values(), ids=CONTENT)
async def test_I9_a_listing_that_breaks_off_changes_nothing(
    ctx: Context, demo: AirtableServer, table: ContentTable
) -> None:
    await import_content(ctx, table)
    before = await rows(ctx, table.relation)
    for record in demo.control.records(table.table.title):
        demo.control.delete(table.table.title, record["id"])
    demo.control.fault(status=503, table=ctx.airtable.table_id(table.table))
    with pytest.raises(Exception, match="SERVICE_UNAVAILABLE"):
        await import_content(ctx, table)
    assert await rows(ctx, table.relation) == before


async def test_weekdays_may_swap_their_names(ctx: Context, airtable: AirtableServer) -> None:
    a, b = (
        airtable.control.create("Dagen van de week", {"Name": n}) for n in ("Maandag", "Dinsdag")
    )
    await import_content(ctx, CONTENT["daysOfWeek"])
    airtable.control.edit("Dagen van de week", a, {"Name": "Dinsdag"})
    airtable.control.edit("Dagen van de week", b, {"Name": "Maandag"})
    await import_content(ctx, CONTENT["daysOfWeek"])
    assert [row["iso_weekday"] for row in await rows(ctx, "weekdays")] == [2, 1]


async def test_a_translation_may_change_its_key(ctx: Context, airtable: AirtableServer) -> None:
    record = airtable.control.create("Vertalingen", {"Key": "a", "nl": "A"})
    airtable.control.create("Vertalingen", {"Key": "b", "nl": "B"})
    await import_content(ctx, CONTENT["translations"])
    airtable.control.edit("Vertalingen", record, {"Key": "c"})
    await import_content(ctx, CONTENT["translations"])
    found = {row["key"]: row for row in await rows(ctx, "translations")}
    assert found["c"]["airtable_record_id"] == record
    assert found["a"]["archived_at"] is not None
    assert found["a"]["airtable_record_id"] is None


async def test_what_was_read_anew_meanwhile_is_not_overwritten_by_an_older_reading(
    ctx: Context, airtable: AirtableServer
) -> None:
    goal = airtable.control.create("Doelstellingen", {"Doelstelling Naam": "oud"})
    await import_content(ctx, GOALS)
    await ctx.db.execute("UPDATE goals SET name = 'nieuw', synced_at = now() + interval '1 hour'")
    airtable.control.edit("Doelstellingen", goal, {"Doelstelling Naam": "tussen"})
    assert (await import_content(ctx, GOALS)).updated == 0
    assert await ctx.db.fetchval("SELECT name FROM goals") == "nieuw"
