"""Content read from Airtable; its lists are kept in Redis by whoever asks."""

from collections.abc import Sequence
from typing import Any

from api._lib.airtable import content as tables
from api._lib.content import store
from api._lib.content.airtable.making import (
    MAKERS,
    Names,
    has_name,
    media,
    method_cells,
    name_of,
    prompt,
)
from api._lib.content.contracts import METHODS, ContentList
from api._lib.content.model import MethodDetail
from api._lib.content.rules import playable
from api._lib.content.store.prompts import Prompt
from api._lib.context import Context


async def listed(ctx: Context, wanted: ContentList[Any]) -> list[Any]:
    """What a list shows, in its order: that of the view, where the table has one."""
    maker = MAKERS[wanted.table]
    records = await ctx.tables.listed(maker.table)
    return maker.things(filter(has_name, records), await _names(ctx, wanted))


async def of_ids(ctx: Context, wanted: ContentList[Any], ids: Sequence[str]) -> list[Any]:
    """Things by id: listed ones first, hidden ones after them, archived ones from their rows."""
    if not ids:
        return []
    maker, distinct = MAKERS[wanted.table], set(ids)
    in_view = [record for record in await ctx.tables.listed(maker.table) if record.id in distinct]
    hidden = sorted(distinct - {record.id for record in in_view})
    others = await ctx.tables.named(maker.table, hidden) if hidden else []
    found = maker.things([*in_view, *others], await _names(ctx, wanted))
    gone = sorted(distinct - {record.id for record in (*in_view, *others)})
    return [*found, *(await wanted.load(ctx.db, store.BY_ID, gone) if gone else [])]


async def method(ctx: Context, method_id: str) -> MethodDetail | None:
    """A method, listed or not, with its playable files; an archived one from its row."""
    methods = await ctx.tables.scan(tables.METHODS)
    record = next((record for record in methods if record.id == method_id), None)
    if record is None:
        return await store.method(ctx.db, method_id)
    shown = method_cells(record, await _names(ctx, METHODS))
    files = {one.id: one for one in await ctx.tables.scan(tables.MEDIA)} if shown["media"] else {}
    found = [media(files[one]) for one in shown["media"] if one in files]
    return MethodDetail(**shown, media_details=playable(file for file in found if file is not None))


async def prompts(ctx: Context) -> list[Prompt]:
    """What editors tell a language model; blank texts say nothing and are left out."""
    found = [prompt(record) for record in await ctx.tables.scan(tables.PROGRAM_PROMPTS)]
    return [one for one in found if one.text.strip()]


async def _names(ctx: Context, wanted: ContentList[Any]) -> Names:
    """Names of experience levels, which only methods show."""
    if wanted.table != METHODS.table:
        return {}
    levels = await ctx.tables.scan(tables.EXPERIENCE_LEVELS)
    return {level.id: name_of(level) for level in levels}
