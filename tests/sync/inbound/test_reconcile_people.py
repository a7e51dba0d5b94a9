"""People on both sides: Airtable wins but for what is ours, and the erased stay away."""

from api._lib.airtable.entities import EntityType as E
from api._lib.context import Context
from api._lib.sync.outbound import Outbound
from api._lib.sync.reconcile.model import Kind
from tasks.dev.airtable.testing import AirtableServer
from tests.sync.inbound.reconciling import found, kinds, run
from tests.sync.inbound.test_activity import import_everything
from tests.sync.world import MONDAY, World


async def test_an_erased_person_whose_record_is_back_is_deleted_again(
    ctx: Context, airtable: AirtableServer, outbound: Outbound
) -> None:
    fields = {"Naam": "An", "E-mailadres": "an@voorbeeld.test"}
    back = airtable.control.create("Gebruikers", fields)
    await ctx.db.execute(
        """INSERT INTO sync_tombstones (entity_type, airtable_record_id, entity_id, reason,
                                        purged_at)
           VALUES ('user', $1::text, $1::text, 'erasure', now())""",
        back,
    )
    assert kinds(await found(ctx, E.USER)) == [Kind.RESURRECTED]
    await run(ctx, E.USER, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.USER)).ok
    assert airtable.control.count("Gebruikers") == 0
    assert await ctx.db.fetchval("SELECT count(*) FROM users") == 0


async def test_a_person_whose_record_was_taken_back_from_the_trash_is_let_in_again(
    ctx: Context, demo: AirtableServer, outbound: Outbound
) -> None:
    await import_everything(ctx)
    an = demo.control.records("Gebruikers")[0]["id"]
    await ctx.db.execute(
        "UPDATE users SET status = 'deleted', deleted_at = now() WHERE id = $1", an
    )
    await run(ctx, E.USER, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.USER)).ok
    assert demo.control.record("Gebruikers", an)
    assert await ctx.db.fetchval("SELECT status FROM users WHERE id = $1", an) == "active"


async def test_what_airtable_says_of_people_is_taken_over(
    ctx: Context, demo: AirtableServer
) -> None:
    await import_everything(ctx)
    [an, bo, *_] = [r["id"] for r in demo.control.records("Gebruikers")]
    demo.control.edit("Gebruikers", an, {"Naam": "Anders", "Taalcode": "en"})
    demo.control.edit("Gebruikers", bo, {"Status": "Geen toegang"})
    new = demo.control.create("Gebruikers", {"Naam": "Nieuw", "E-mailadres": "nieuw@x.test"})
    comparison = await found(ctx, E.USER)
    assert {(d.kind, d.record_id) for d in comparison.differences} == {
        (Kind.FIELD_MISMATCH, an),
        (Kind.FIELD_MISMATCH, bo),
        (Kind.ONLY_IN_AIRTABLE, new),
    }
    await run(ctx, E.USER, repair=True)
    assert (await found(ctx, E.USER)).ok
    row = await ctx.db.fetchrow("SELECT name, language_code FROM users WHERE id = $1", an)
    assert row is not None
    assert tuple(row) == ("Anders", "en")


async def test_rewards_of_people_are_sent_again(
    ctx: Context, ticked: World, outbound: Outbound
) -> None:
    await ticked.change_user(last_login_on=MONDAY)
    await outbound.drain()
    ticked.airtable.control.edit("Gebruikers", ticked.user, {"Huidige Streak": 99})
    comparison = await found(ctx, E.USER)
    assert [difference.fields for difference in comparison.real] == [("currentStreak",)]
    await run(ctx, E.USER, repair=True)
    await outbound.drain()
    assert (await found(ctx, E.USER)).ok
    fields = ticked.airtable.control.record("Gebruikers", ticked.user)["fields"]
    assert fields["Huidige Streak"] == 0
