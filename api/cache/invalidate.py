"""Clearing cached lists, for Airtable automations and operators."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from api._lib.content import service as content
from api._lib.context import Context
from api._lib.errors import bad_request
from api._lib.guard import secret
from api._lib.wire import Body, Wire


class Invalidation(Body):
    table: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET


class Invalidated(Wire):
    invalidated: int
    table: str
    table_id: str | UnsetType = UNSET


@secret("CACHE_INVALIDATION_SECRET")
async def post(ctx: Context, body: Invalidation) -> Invalidated:
    """Clear the lists of a table, or of all tables when none is named."""
    if body.table is UNSET:
        return Invalidated(await content.invalidate(ctx, None), "all")
    table_id = ctx.settings.airtable_tables.get(body.table)
    if table_id is None:
        raise bad_request("unknown_table", table=body.table)
    return Invalidated(await content.invalidate(ctx, body.table), body.table, table_id)
