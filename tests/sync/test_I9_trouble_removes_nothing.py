"""I9: an outage, an error or half a listing of Airtable never deletes, disables or blanks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from api._lib.airtable.entities import EntityType as E
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import ENTITIES
from api._lib.context import Context, open_resources
from api._lib.settings import Settings
from api._lib.sync.inbound.activity import ACTIVITIES, import_activity
from api._lib.sync.inbound.content import import_content, import_order
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.people import list_people, poll_people, take_people
from tasks.dev.airtable.testing import AirtableServer
from tasks.dev.demo import demo_base, demo_views

TROUBLE: dict[str, dict[str, Any]] = {
    "401": {"status": 401},
    "403": {"status": 403},
    "404": {"status": 404},
    "422": {"status": 422},
    "429": {"status": 429},
    "500": {"status": 500},
    "503": {"status": 503},
    "no answer": {"drop": True},
}
TABLES = [table.relation for table in CONTENT.values()]
LINKS = [link.name for table in CONTENT.values() for link in table.links]
ACTIVITY = [ENTITIES[kind].relation for kind in E]
SHOWN = [*TABLES, *LINKS, *ACTIVITY, "user_companies"]

Reading = Callable[[Context], Awaitable[object]]


@pytest.fixture
async def ctx(settings: Settings) -> AsyncIterator[Context]:
    """What a run of a job sees."""
    async with open_resources(settings, "mfa-worker") as resources:
        yield Context(resources)


@pytest.fixture
async def filled(ctx: Context, airtable: AirtableServer) -> AirtableServer:
    """The demo base, which stands in Postgres as well."""
    airtable.control.load(demo_base(date(2026, 3, 4)), demo_views())
    await everything(ctx)
    return airtable


async def everything(ctx: Context) -> None:
    for table in CONTENT.values():
        await import_content(ctx, table)
    await list_people(ctx)
    for activity in ACTIVITIES.values():
        await import_activity(ctx, activity)


async def dump(ctx: Context) -> dict[str, list[str]]:
    found = {}
    for name in SHOWN:
        rows = await ctx.db.fetch(f"SELECT t::text AS row FROM {name} t ORDER BY 1")
        found[name] = [row["row"] for row in rows]
    return found


def wreck(airtable: AirtableServer) -> None:
    """Let everything be gone or blank in Airtable, where nobody may believe it."""
    for table in ("Methodes", "Overtuigingen", "Gebruikers", "Persoonlijke doelen"):
        for record in airtable.control.records(table):
            airtable.control.delete(table, record["id"])


async def forget_weather(ctx: Context) -> None:
    """Let no pause or open breaker keep the next request from being sent."""
    assert ctx.cache.client is not None
    await ctx.cache.client.flushdb()


async def _content(ctx: Context) -> None:
    for table in CONTENT.values():
        await import_content(ctx, table)


async def _order(ctx: Context) -> None:
    await import_order(ctx, CONTENT["methods"])


async def _listing(ctx: Context) -> None:
    await list_people(ctx)


async def _polling(ctx: Context) -> None:
    await poll_people(ctx)


async def _naming(ctx: Context) -> None:
    ids = [row["id"] for row in await ctx.db.fetch("SELECT id::text FROM users")]
    await take_people(ctx, ids, ids, Lane.OUTBOX)


async def _activity(ctx: Context) -> None:
    for activity in ACTIVITIES.values():
        await import_activity(ctx, activity)


READINGS = [_content, _order, _listing, _polling, _naming, _activity]


@pytest.mark.parametrize("read", READINGS)
async def test_a_reading_that_fails_changes_nothing(
    ctx: Context, filled: AirtableServer, read: Reading
) -> None:
    before = await dump(ctx)
    wreck(filled)
    for name, trouble in TROUBLE.items():
        await forget_weather(ctx)
        filled.control.clear_faults()
        filled.control.clear_requests()
        filled.control.fault(**trouble, count=0)
        with pytest.raises(AirtableError):
            await read(ctx)
        assert filled.control.requests(), f"{name} was never met"
        assert await dump(ctx) == before, name


async def test_a_listing_that_breaks_off_at_its_second_page_changes_nothing(
    ctx: Context, airtable: AirtableServer
) -> None:
    for number in range(150):
        airtable.control.create("Doelstellingen", {"Doelstelling Naam": str(number)})
        fields = {"Naam": str(number), "E-mailadres": f"p{number}@voorbeeld.test"}
        airtable.control.create("Gebruikers", fields)
    await everything(ctx)
    before = await dump(ctx)
    for table in ("goals", "users"):
        airtable.control.fault(
            status=503, table=ctx.airtable.table_id(table), contains="offset", count=1
        )
    for read in (_listing, lambda ctx: import_content(ctx, CONTENT["goals"])):
        with pytest.raises(AirtableError):
            await read(ctx)
    assert await dump(ctx) == before


async def test_cursors_that_expire_are_no_end_of_the_listing(
    ctx: Context, airtable: AirtableServer
) -> None:
    for number in range(150):
        airtable.control.create("Doelstellingen", {"Doelstelling Naam": str(number)})
    goals = ctx.airtable.table_id("goals")
    kind = "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"
    airtable.control.fault(status=422, kind=kind, table=goals, contains="offset", count=1)
    await import_content(ctx, CONTENT["goals"])
    assert await ctx.db.fetchval("SELECT count(*) FROM goals") == 150


async def test_empty_tables_and_views_are_not_believed(
    ctx: Context, filled: AirtableServer
) -> None:
    before = await dump(ctx)
    for table in CONTENT.values():
        for record in filled.control.records(table.table.title):
            filled.control.delete(table.table.title, record["id"])
    for record in filled.control.records("Gebruikers"):
        filled.control.delete("Gebruikers", record["id"])
    await _content(ctx)
    for _ in range(3):
        await list_people(ctx)
    after = await dump(ctx)
    assert {name: after[name] for name in TABLES} == {name: before[name] for name in TABLES}
    assert after["users"] == before["users"]


async def test_N2_a_lost_right_does_not_look_like_a_deleted_person(
    ctx: Context, filled: AirtableServer
) -> None:
    before = await dump(ctx)
    filled.control.fault(status=403, method="GET", count=0)
    filled.control.fault(status=403, table=ctx.airtable.table_id("users"), count=0)
    with pytest.raises(AirtableError):
        await _naming(ctx)
    assert await dump(ctx) == before


async def test_blank_cells_are_believed_only_where_airtable_decides(
    ctx: Context, filled: AirtableServer
) -> None:
    [person, *_] = filled.control.records("Gebruikers")
    filled.control.edit("Gebruikers", person["id"], {"E-mailadres": None, "Status": None})
    before = await ctx.db.fetchrow("SELECT * FROM users WHERE id = $1", person["id"])
    await list_people(ctx)
    assert await ctx.db.fetchrow("SELECT * FROM users WHERE id = $1", person["id"]) == before
