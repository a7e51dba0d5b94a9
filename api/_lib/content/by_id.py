"""Content by id: what programs name is found whether it is listed any more or not."""

from collections.abc import Sequence
from typing import Any, TypeVar

from api._lib.content import libraries, store
from api._lib.content.contracts import ContentList
from api._lib.content.lists import items
from api._lib.content.store.prompts import Prompt
from api._lib.content.store.references import existing
from api._lib.context import Context
from api._lib.db import Queries

T = TypeVar("T")


async def by_id(ctx: Context, wanted: ContentList[T], ids: Sequence[str]) -> list[T]:
    """Things by id in the order of their list, hidden and archived ones included."""
    listed: list[Any] = await items(ctx, wanted)
    found = [item for item in listed if item.id in set(ids)]
    if len(found) == len(set(ids)):
        return found
    return await libraries.of_ids(ctx, wanted, ids)


async def still_there(q: Queries, wanted: ContentList[T], ids: Sequence[str]) -> list[T]:
    """Things by id in the order of their list, without those Airtable no longer has."""
    return await wanted.load(q, store.STILL_THERE, ids) if ids else []


async def unknown(ctx: Context, wanted: ContentList[Any], ids: Sequence[str]) -> set[str]:
    """Those ids that have no record; while a table has no content yet, every id is taken."""
    listed = {item.id for item in await items(ctx, wanted)}
    unlisted = set(ids) - listed
    return unlisted - await existing(ctx.db, wanted.table, unlisted) if unlisted else set()


async def prompts(ctx: Context) -> list[Prompt]:
    """What editors tell a language model."""
    return await libraries.prompts(ctx)
