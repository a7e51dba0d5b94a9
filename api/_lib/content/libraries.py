"""Content by the store that its flag names."""

from collections.abc import Sequence
from typing import Any, TypeVar

from api._lib.content import store
from api._lib.content.airtable import library as airtable
from api._lib.content.contracts import METHODS, ContentList, Library
from api._lib.content.model import MethodDetail
from api._lib.content.store.prompts import Prompt, read_prompts
from api._lib.context import Context
from api._lib.switching import Switch

T = TypeVar("T")


class InPostgres:
    """Content as the imports stored it."""

    async def listed(self, ctx: Context, wanted: ContentList[Any]) -> list[Any]:
        """What a list shows, in its order."""
        return await wanted.load(ctx.db)

    async def of_ids(self, ctx: Context, wanted: ContentList[Any], ids: Sequence[str]) -> list[Any]:
        """Things by id, hidden and archived ones included."""
        return await wanted.load(ctx.db, store.BY_ID, ids)

    async def method(self, ctx: Context, method_id: str) -> MethodDetail | None:
        """A method, listed or not, with its playable files."""
        return await store.method(ctx.db, method_id)

    async def prompts(self, ctx: Context) -> list[Prompt]:
        """What editors tell a language model."""
        return await read_prompts(ctx.db)


LIBRARIES: dict[str, Switch[Library]] = {
    flag: Switch(flag, postgres=InPostgres(), airtable=airtable)
    for flag in ("METHODS", "OVERTUIGINGEN")
}


async def listed(ctx: Context, wanted: ContentList[T]) -> list[T]:
    """What a list shows, in its order."""
    found: list[T] = await LIBRARIES[wanted.flag].read(
        ctx, wanted.table, lambda c, library: library.listed(c, wanted)
    )
    return found


async def of_ids(ctx: Context, wanted: ContentList[T], ids: Sequence[str]) -> list[T]:
    """Things by id, hidden and archived ones included."""
    found: list[T] = await LIBRARIES[wanted.flag].read(
        ctx, wanted.table, lambda c, library: library.of_ids(c, wanted, ids)
    )
    return found


async def method(ctx: Context, method_id: str) -> MethodDetail | None:
    """A method, listed or not, with its playable files."""
    return await LIBRARIES[METHODS.flag].read(
        ctx, "method", lambda c, library: library.method(c, method_id)
    )


async def prompts(ctx: Context) -> list[Prompt]:
    """What editors tell a language model."""
    return await LIBRARIES[METHODS.flag].read(ctx, "prompts", lambda c, library: library.prompts(c))
