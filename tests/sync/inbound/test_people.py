"""People as they stand in Airtable can log in here, and nothing else about them changes."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api._lib.accounts.service import Verdict
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.limiter import Lane
from api._lib.context import Context
from api._lib.sync.inbound import people_store as store
from api._lib.sync.inbound.people import STALE_TRIES, list_people, poll_people, take_people
from tasks.dev.airtable.testing import AirtableServer

USERS = "Gebruikers"


def add(airtable: AirtableServer, name: str = "An", **cells: Any) -> str:
    fields = {"Naam": name, "E-mailadres": f"{name.lower()}@voorbeeld.test", **cells}
    return airtable.control.create(USERS, fields)


async def user(ctx: Context, user_id: str) -> dict[str, Any]:
    row = await ctx.db.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
    assert row is not None
    return dict(row)


async def emails(ctx: Context) -> list[str]:
    rows = await ctx.db.fetch("SELECT email FROM users WHERE status <> 'deleted' ORDER BY email")
    return [row["email"] for row in rows]


async def age(ctx: Context, seconds: int = 1_000) -> None:
    """Let what was read and looked for lie some time back."""
    await ctx.db.execute(
        "UPDATE airtable_links SET pulled_at = pulled_at - make_interval(secs => $1)", seconds
    )


async def test_everybody_of_the_demo_base_arrives_with_company_and_rewards(
    ctx: Context, demo: AirtableServer
) -> None:
    outcome = await poll_people(ctx)
    assert outcome.inserted == demo.control.count(USERS) == outcome.read
    with_company = sum("Bedrijf" in r["fields"] for r in demo.control.records(USERS))
    found = await ctx.db.fetchval("SELECT count(DISTINCT user_id) FROM user_companies")
    assert found == with_company > 0
    assert await ctx.db.fetchval("SELECT count(*) FROM user_rewards") == outcome.read
    states = [record["fields"].get("Status") for record in demo.control.records(USERS)]
    disabled = await ctx.db.fetchval("SELECT count(*) FROM users WHERE status = 'disabled'")
    assert disabled == states.count("Geen toegang") > 0


async def test_N11_an_unchanged_poll_writes_no_row(ctx: Context, demo: AirtableServer) -> None:
    await list_people(ctx)
    rows = "SELECT (u, r)::text AS row FROM users u JOIN user_rewards r ON r.user_id = u.id"
    before = await ctx.db.fetch(rows)
    outcome = await list_people(ctx)
    assert (outcome.inserted, outcome.updated, outcome.removed) == (0, 0, 0)
    assert outcome.unchanged == outcome.read
    assert await ctx.db.fetch(rows) == before


async def test_the_poll_reads_only_what_changed(ctx: Context, airtable: AirtableServer) -> None:
    an, bo = add(airtable, "An"), add(airtable, "Bo")
    await poll_people(ctx)
    airtable.control.advance(600)
    await ctx.db.execute("UPDATE sync_gates SET cursor = $1 WHERE key = 'users'", later(ctx, 590))
    airtable.control.edit(USERS, bo, {"Naam": "Bob"})
    outcome = await poll_people(ctx)
    assert (outcome.read, outcome.updated) == (1, 1)
    assert (await user(ctx, bo))["name"] == "Bob"
    assert (await user(ctx, an))["name"] == "An"


async def test_6_10_no_password_hash_of_known_people_is_asked_for(
    ctx: Context, airtable: AirtableServer
) -> None:
    add(airtable, "An")
    await poll_people(ctx)
    airtable.control.clear_requests()
    field = airtable.control.field_id(USERS, "Paswoord Hash")
    airtable.control.fault(status=500, contains=field, count=0)
    await list_people(ctx)
    assert [entry["status"] for entry in airtable.control.requests()] == [200]


async def test_N3_a_disabled_person_stays_disabled_through_all_polls(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable, Status="Geen toegang")
    for reading in (poll_people, list_people, poll_people, list_people):
        await reading(ctx)
        assert (await user(ctx, an))["status"] == "disabled"
    await take_people(ctx, [an], [], Lane.OUTBOX)
    assert (await user(ctx, an))["status"] == "disabled"


async def test_N4_local_rewards_and_password_are_not_taken_back(
    ctx: Context, airtable: AirtableServer
) -> None:
    old = "$2b$12$abcdefghijklmnopqrstuu7hMztsFL1B9bn7mRobgkQct4NVR8g2."
    cells: dict[str, Any] = {"Paswoord Hash": old, "Bonus Punten": 10, "Niveau": 2}
    an = add(airtable, **cells)
    await list_people(ctx)
    await ctx.db.execute("UPDATE users SET password_hash = 'new', last_login_on = '2026-03-04'")
    await ctx.db.execute("UPDATE user_rewards SET bonus_points = 50, level = 3")
    airtable.control.edit(USERS, an, {"Naam": "Anna", "Laatste login": "2026-01-01"})
    await list_people(ctx)
    await take_people(ctx, [an], [], Lane.OUTBOX)
    row = await user(ctx, an)
    assert (row["name"], row["password_hash"]) == ("Anna", "new")
    assert str(row["last_login_on"]) == "2026-03-04"
    rewards = await ctx.db.fetchrow("SELECT bonus_points, level FROM user_rewards")
    assert rewards is not None
    assert tuple(rewards) == (50, 3)


async def test_F5_records_without_an_address_are_counted_and_touch_nobody(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable, "An")
    await list_people(ctx)
    for name in ("Leeg", "Ook leeg"):
        airtable.control.create(USERS, {"Naam": name})
    airtable.control.edit(USERS, an, {"E-mailadres": None})
    outcome = await list_people(ctx)
    assert outcome.failed == 3
    assert await emails(ctx) == ["an@voorbeeld.test"]


async def test_N5_a_second_record_with_the_same_address_waits_while_the_first_lives(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable, "An")
    await list_people(ctx)
    again = add(airtable, "Anna", **{"E-mailadres": "An@Voorbeeld.test "})
    for _ in range(3):
        outcome = await list_people(ctx)
        assert outcome.failed == 1
        assert (await user(ctx, an))["email"] == "an@voorbeeld.test"
    assert await ctx.db.fetchval("SELECT count(*) FROM users WHERE id = $1", again) == 0


async def test_N5_an_address_is_taken_over_as_soon_as_its_owner_is_deleted(
    ctx: Context, airtable: AirtableServer
) -> None:
    old, new = add(airtable, "An"), add(airtable, "Bo")
    await list_people(ctx)
    airtable.control.edit(USERS, new, {"E-mailadres": "an@voorbeeld.test"})
    await take_people(ctx, [new], [], Lane.OUTBOX)
    assert await emails(ctx) == ["an@voorbeeld.test", "bo@voorbeeld.test"]
    airtable.control.delete(USERS, old)
    await take_people(ctx, [], [old], Lane.OUTBOX)
    # Who is gone is looked at again half a minute later.
    await take_people(ctx, [old], [], Lane.OUTBOX)
    assert await emails(ctx) == ["an@voorbeeld.test"]
    assert (await user(ctx, new))["email"] == "an@voorbeeld.test"
    assert not await store.waiting_for(ctx.db, [old])


async def test_N5_of_two_new_records_with_one_address_the_one_that_is_left_comes_in(
    ctx: Context, airtable: AirtableServer
) -> None:
    first, second = add(airtable, "An"), add(airtable, "An")
    await take_people(ctx, [first, second], [], Lane.OUTBOX)
    assert await emails(ctx) == []
    airtable.control.delete(USERS, first)
    await take_people(ctx, [], [first], Lane.OUTBOX)
    assert (await user(ctx, second))["status"] == "active"


async def test_N5_the_record_made_before_the_old_one_was_deleted_is_the_same_person(
    ctx: Context, airtable: AirtableServer
) -> None:
    old = add(airtable, "An")
    await list_people(ctx)
    new = add(airtable, "An")
    await take_people(ctx, [new], [], Lane.OUTBOX)
    airtable.control.delete(USERS, old)
    await take_people(ctx, [], [old], Lane.OUTBOX)
    assert (await user(ctx, new))["status"] == "active"
    assert await ctx.db.fetchval("SELECT count(*) FROM users") == 1


async def test_N5_two_people_swap_their_addresses_one_after_the_other(
    ctx: Context, airtable: AirtableServer
) -> None:
    an, bo = add(airtable, "An"), add(airtable, "Bo")
    await list_people(ctx)
    for person, address in ((an, "bo@voorbeeld.test"), (bo, "an@voorbeeld.test")):
        airtable.control.edit(USERS, person, {"E-mailadres": address})
        await take_people(ctx, [person], [], Lane.OUTBOX)
    assert (await user(ctx, an))["email"] == "bo@voorbeeld.test"
    assert (await user(ctx, bo))["email"] == "an@voorbeeld.test"


@pytest.mark.parametrize("reading", [list_people, poll_people])
async def test_N5_a_record_made_anew_keeps_everything_of_the_person(
    ctx: Context, airtable: AirtableServer, reading: Any
) -> None:
    old = add(airtable, "An")
    await list_people(ctx)
    await ctx.db.execute("UPDATE users SET password_hash = 'kept'")
    await ctx.db.execute("UPDATE user_rewards SET longest_streak = 9")
    airtable.control.delete(USERS, old)
    new = add(airtable, "An")
    assert (await reading(ctx)).updated == 1
    assert (await user(ctx, new))["password_hash"] == "kept"
    assert await ctx.db.fetchval("SELECT longest_streak FROM user_rewards") == 9
    alias = "SELECT user_id FROM user_id_aliases WHERE old_id = $1"
    assert await ctx.db.fetchval(alias, old) == new
    assert await ctx.db.fetchval("SELECT count(*) FROM users") == 1


async def test_N2_nobody_is_deleted_before_airtable_says_so_of_the_record_itself(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    await list_people(ctx)
    airtable.control.delete(USERS, an)
    airtable.control.fault(status=503, method="GET")
    with pytest.raises(AirtableError):
        await take_people(ctx, [an], [], Lane.OUTBOX)
    assert (await user(ctx, an))["status"] == "active"
    assert await take_people(ctx, [an], [], Lane.OUTBOX) == {an: None}
    assert (await user(ctx, an))["status"] == "deleted"


async def test_N9_who_is_missing_from_two_complete_listings_is_deleted(
    ctx: Context, airtable: AirtableServer
) -> None:
    add(airtable, "An")
    bo = add(airtable, "Bo")
    await list_people(ctx)
    await age(ctx)
    airtable.control.delete(USERS, bo)
    await list_people(ctx)
    assert (await user(ctx, bo))["status"] == "active"
    assert (await list_people(ctx)).removed == 1
    assert (await user(ctx, bo))["status"] == "deleted"
    assert await emails(ctx) == ["an@voorbeeld.test"]


async def test_I9_many_missing_people_wait_for_an_operator(
    ctx: Context, airtable: AirtableServer
) -> None:
    ids = [add(airtable, f"P{n}") for n in range(12)]
    await list_people(ctx)
    await age(ctx)
    for user_id in ids[:6]:
        airtable.control.delete(USERS, user_id)
    for _ in range(3):
        assert (await list_people(ctx)).warning == "removals refused"
    assert len(await emails(ctx)) == 12
    assert (await list_people(ctx, confirmed=True)).removed == 6


@pytest.mark.parametrize("status", [500, 503, 401, 403])
async def test_N2_trouble_while_asking_for_a_person_locks_nobody_out(
    ctx: Context, airtable: AirtableServer, status: int
) -> None:
    an = add(airtable)
    await list_people(ctx)
    airtable.control.fault(status=status, count=0)
    with pytest.raises(AirtableError):
        await take_people(ctx, [an], [an], Lane.OUTBOX)
    assert (await user(ctx, an))["status"] == "active"


async def test_example_22_a_person_absent_from_a_filtered_list_is_asked_for_by_itself(
    ctx: Context, airtable: AirtableServer
) -> None:
    an, bo = add(airtable, "An"), add(airtable, "Bo")
    await list_people(ctx)
    airtable.control.edit(USERS, an, {"Status": "Geen toegang"})
    airtable.control.delete(USERS, bo)
    found = await take_people(ctx, [an], [bo], Lane.OUTBOX)
    assert found[bo] is None
    assert (await user(ctx, an))["status"] == "disabled"
    assert (await user(ctx, bo))["status"] == "deleted"


async def test_N1_a_person_fetched_by_id_has_name_and_address(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable, "An", Rol="Deelnemer", Taalcode="FR")
    await take_people(ctx, [an], [], Lane.INTERACTIVE)
    row = await user(ctx, an)
    assert (row["name"], row["email"]) == ("An", "an@voorbeeld.test")
    assert (row["role"], row["language_code"]) == ("Deelnemer", "fr")


async def test_I4_O7_an_erased_person_does_not_come_back(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    await list_people(ctx)
    await ctx.db.execute("DELETE FROM users WHERE id = $1", an)
    await ctx.db.execute(
        """INSERT INTO sync_tombstones (entity_type, airtable_record_id, reason)
           VALUES ('user', $1, 'erasure')""",
        an,
    )
    for reading in (poll_people, list_people):
        await reading(ctx)
    await take_people(ctx, [an], [], Lane.OUTBOX)
    assert await ctx.db.fetchval("SELECT count(*) FROM users") == 0


WRITE = (
    "UPDATE airtable_links SET pushed_at = now() + make_interval(secs => $2) WHERE entity_id = $1"
)
"""What the other half notes when it sent something of a person."""


async def test_11_10_3_who_was_written_to_while_read_is_read_again(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    await list_people(ctx)
    airtable.control.edit(USERS, an, {"Status": "Geen toegang"})
    airtable.control.clear_requests()
    airtable.control.latency(0.3)
    taking = asyncio.create_task(take_people(ctx, [an], [], Lane.OUTBOX))
    while not airtable.control.requests():
        await asyncio.sleep(0.01)
    await ctx.db.execute(WRITE, an, 0)
    assert await taking == {an: Verdict.UPDATED}
    assert (await user(ctx, an))["status"] == "disabled"
    assert len(airtable.control.requests()) == 2


async def test_11_10_3_who_is_written_to_all_the_time_is_left_to_a_later_look(
    ctx: Context, airtable: AirtableServer
) -> None:
    an = add(airtable)
    await list_people(ctx)
    airtable.control.edit(USERS, an, {"Naam": "Anna"})
    airtable.control.clear_requests()
    await ctx.db.execute(WRITE, an, 60)
    assert await take_people(ctx, [an], [], Lane.OUTBOX) == {an: Verdict.STALE}
    assert len(airtable.control.requests()) == 1 + STALE_TRIES


async def test_a_company_not_read_yet_is_not_lost(ctx: Context, airtable: AirtableServer) -> None:
    company = airtable.control.create("Bedrijven", {"Bedrijfsnaam": "Eerste"})
    an = add(airtable, Bedrijf=[company])
    await list_people(ctx)
    found = await ctx.db.fetchval("SELECT company_id FROM user_companies WHERE user_id = $1", an)
    assert found == company


def later(ctx: Context, seconds: int) -> str:
    return (ctx.clock.now() + timedelta(seconds=seconds)).isoformat()
