"""Content that Airtable serves: lists outlive its failures by a day, and are fresh otherwise."""

from api._lib.airtable.mapping import TABLES
from api._lib.cache import Cache
from api._lib.content.lists import STALE_SECONDS
from tests.flags.stage import Server, Stage
from tests.programs import catalogue as library

LISTS = ("methods", "goals", "days", "overtuigingen", "mindset-categories")
DAY = 86_400


async def names(server: Server, path: str = "methods") -> list[str]:
    answer = await server.ann.get(path)
    assert answer.status == 200, answer.body
    return [item["name"] for item in answer.data]


async def let_lists_expire(cache: Cache) -> None:
    """What Redis keeps for half an hour is gone; what it keeps for a day is not."""
    assert await cache.delete_matching("airtable:*")


async def test_a_copy_of_before_is_served_while_airtable_fails(stage: Stage, cache: Cache) -> None:
    async with stage.server("airtable_only") as server:
        before = {path: await names(server, path) for path in LISTS}
        assert all(before.values())
        assert await server.ann.get("methods/habits")
    await let_lists_expire(cache)
    stage.airtable.control.edit("Methodes", library.BREATHE, {"Methode Naam": "Anders"})
    stage.airtable.control.fault(status=503, count=0)
    async with stage.server("airtable_only") as server:
        assert {path: await names(server, path) for path in LISTS} == before
    stage.airtable.control.clear_faults()
    await cache.delete_matching("sync:*")
    async with stage.server("airtable_only") as server:
        assert "Anders" in await names(server)


async def test_the_copy_lives_a_day_and_no_longer(stage: Stage, cache: Cache) -> None:
    async with stage.server("airtable_only") as server:
        await names(server)
        table_id = server.ctx.airtable.table_id(TABLES["methods"])
    assert cache.client is not None
    left = await cache.client.ttl(f"stale:{table_id}:list")
    assert DAY - 60 < left <= DAY == STALE_SECONDS


async def test_without_a_copy_the_failure_is_told(stage: Stage) -> None:
    async with stage.server("airtable_only") as server:
        stage.airtable.control.fault(status=503, count=0)
        answer = await server.ann.get("methods")
        assert answer.status in (502, 503)
        assert answer.error


async def test_where_postgres_serves_content_no_copy_is_kept(stage: Stage, cache: Cache) -> None:
    async with stage.server("postgres_primary") as server:
        await names(server)
    assert cache.client is not None
    assert await cache.client.keys("stale:*") == []


async def test_shadow_read_falls_back_to_airtable_for_content_too(
    stage: Stage, cache: Cache
) -> None:
    async with stage.server("postgres_shadow_read") as server:
        await stage.db.execute("ALTER TABLE beliefs RENAME TO away")
        try:
            assert "Ik mag rusten" in await names(server, "overtuigingen")
        finally:
            await stage.db.execute("ALTER TABLE away RENAME TO beliefs")
