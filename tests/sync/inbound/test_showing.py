"""What was stored is shown, whatever happens right after."""

from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from api._lib.cache import Cache
from api._lib.content import service as content
from api._lib.context import Context
from api._lib.db import Transaction
from api._lib.sync.inbound.content import import_content, import_order
from api._lib.sync.inbound.content_tables import CONTENT
from api._lib.sync.inbound.showing import note_change, show, show_rest
from tasks.dev.airtable.testing import AirtableServer

GOALS, TABLE, NAME = CONTENT["goals"], "Doelstellingen", "Doelstelling Naam"
NOBODY = "redis://127.0.0.1:9"


@pytest.fixture
async def cut_off(ctx: Context) -> AsyncIterator[Context]:
    """The same process while it cannot reach Redis; its memory is its own."""
    cache = Cache.connect(NOBODY)
    yield Context(structs.replace(ctx.resources, cache=cache))
    await cache.close()


@pytest.fixture
def goals(airtable: AirtableServer) -> list[str]:
    """Two goals in Airtable."""
    return [airtable.control.create(TABLE, {NAME: name}) for name in ("Rust", "Focus")]


async def names(ctx: Context) -> list[str]:
    """The goals another process shows, which remembers nothing but what Redis holds."""
    cache = Cache.connect(ctx.settings.redis_url)
    try:
        other = Context(structs.replace(ctx.resources, cache=cache))
        return [goal.name for goal in await content.items(other, content.GOALS)]
    finally:
        await cache.close()


async def test_F16_a_change_made_while_redis_is_away_is_shown_when_it_is_back(
    ctx: Context, cut_off: Context, airtable: AirtableServer, goals: list[str]
) -> None:
    await import_content(ctx, GOALS)
    assert await names(ctx) == ["Rust", "Focus"]
    airtable.control.edit(TABLE, goals[0], {NAME: "Kalmte"})
    await import_content(cut_off, GOALS)
    airtable.control.reorder(TABLE, "App", list(reversed(goals)))
    assert await import_order(cut_off, GOALS) > 0
    assert await show_rest(cut_off) == 0
    assert await names(ctx) == ["Rust", "Focus"]
    assert await show_rest(ctx) == 1
    assert await names(ctx) == ["Focus", "Kalmte"]
    assert await show_rest(ctx) == 0


async def test_F16_a_change_is_shown_although_its_worker_died_right_after_the_commit(
    ctx: Context, goals: list[str]
) -> None:
    await import_content(ctx, GOALS)
    assert await names(ctx) == ["Rust", "Focus"]

    async def change(tx: Transaction) -> str:
        await tx.execute("UPDATE goals SET name = 'Kalmte' WHERE id = $1", goals[0])
        return await note_change(tx, "goals")

    await ctx.db.run(change)
    assert await show_rest(ctx) == 1
    assert await names(ctx) == ["Kalmte", "Focus"]


async def test_who_shows_an_older_change_leaves_the_newer_one_to_be_shown(ctx: Context) -> None:
    older = await ctx.db.run(lambda tx: note_change(tx, "goals"))
    await ctx.db.run(lambda tx: note_change(tx, "goals"))
    assert await show(ctx, "goals", older)
    assert await show_rest(ctx) == 1


async def test_what_was_shown_at_once_leaves_nothing_to_do(ctx: Context, goals: list[str]) -> None:
    await import_content(ctx, GOALS)
    assert await show_rest(ctx) == 0
