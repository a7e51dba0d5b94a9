"""Showing changed content: no process keeps an old list, even if a worker dies or Redis is away."""

from api._lib.content import service as content
from api._lib.context import Context
from api._lib.db import Queries, Transaction


async def note_change(tx: Transaction, table: str) -> str:
    """Note, in the transaction that changes a table, that its lists are old; a mark for `show`."""
    mark: str = await tx.fetchval(NOTE, table)
    return mark


async def show(ctx: Context, table: str, mark: str) -> bool:
    """Let every process forget its lists of a changed table; false while Redis is away (F16)."""
    if await content.drop(ctx, table) is None:
        return False
    # A change that was noted meanwhile has another mark, and its lists are yet to be dropped.
    await ctx.db.execute(FORGET, table, mark)
    return True


async def show_rest(ctx: Context) -> int:
    """Drop the lists that nobody has dropped since their tables changed; of how many tables."""
    return sum([await show(ctx, table, mark) for table, mark in await _noted(ctx.db)])


async def _noted(q: Queries) -> list[tuple[str, str]]:
    return [(row["name"], row["mark"]) for row in await q.fetch(NOTED)]


NOTE = """
INSERT INTO sync_gates AS g (key, cursor) VALUES ('lists:' || $1, gen_random_uuid()::text)
ON CONFLICT (key) DO UPDATE SET cursor = excluded.cursor RETURNING g.cursor"""

FORGET = "DELETE FROM sync_gates WHERE key = 'lists:' || $1 AND cursor = $2"

NOTED = """
SELECT substr(key, 7) AS name, cursor AS mark FROM sync_gates WHERE key LIKE 'lists:%'
ORDER BY key"""
