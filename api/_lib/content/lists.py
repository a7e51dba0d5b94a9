"""Ready answers of the public lists: in memory, in Redis, else made anew by one process once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from api._lib import metrics
from api._lib.cache import Cache
from api._lib.content import store
from api._lib.content.model import Belief, Category, Day, Goal, Habit, Method
from api._lib.context import Context
from api._lib.wire import Encoded, encoded, packed

T = TypeVar("T")
# For so long a process serves its copy without asking Redis whether the table changed.
TRUST_SECONDS = 1.0
TRUST_SECONDS_WITHOUT_REDIS = 5.0
EMPTY_SECONDS = 30

# A list made before the table changed again must not outlive that change.
FILL = """
if (redis.call('GET', KEYS[2]) or '') == ARGV[3] then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
"""


class ContentList(Struct, Generic[T], frozen=True):
    """A public list: the table it is named after, its maker, its life in Redis."""

    table: str
    kind: type[T]
    load: Callable[..., Awaitable[list[T]]]
    seconds: int = 300


METHODS = ContentList("methods", Method, store.methods, 1_800)
GOALS = ContentList("goals", Goal, store.goals, 1_800)
DAYS = ContentList("daysOfWeek", Day, store.days, 1_800)
BELIEFS = ContentList("overtuigingen", Belief, store.beliefs)
CATEGORIES = ContentList("mindsetCategories", Category, store.categories)
HABITS = ContentList("goedeGewoontes", Habit, store.habits)

# Lists that show something of another table change with it.
SHOWN_IN = {
    "experienceLevels": ("methods",),
    "media": ("methods",),
    "goals": ("methods", "overtuigingen", "mindsetCategories"),
    "overtuigingen": ("mindsetCategories",),
    "mindsetCategories": ("overtuigingen",),
}


class Copy(Struct):
    """What a process remembers of a list."""

    answer: Encoded
    version: bytes | None
    trusted_until: float
    items: list[Any] | None = None


_copies: WeakKeyDictionary[Cache, dict[str, Copy]] = WeakKeyDictionary()
_locks: WeakKeyDictionary[Cache, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def answer(ctx: Context, wanted: ContentList[T]) -> Encoded:
    """The whole answer of a list, ready to send."""
    return (await _copy(ctx, wanted)).answer


async def items(ctx: Context, wanted: ContentList[T]) -> list[T]:
    """The things of a list; the caller must not change them."""
    copy = await _copy(ctx, wanted)
    if copy.items is None:
        shape: Any = dict[str, Any]
        data = msgspec.json.decode(copy.answer.plain, type=shape)["data"]
        copy.items = msgspec.convert(data, list[wanted.kind])  # type: ignore[name-defined]  # a runtime type
    return copy.items


async def drop(ctx: Context, *tables: str) -> int:
    """Forget what is shown of tables, here and in every process; how many keys Redis held."""
    affected = {name for table in tables for name in (table, *SHOWN_IN.get(table, ()))}
    ids = [ctx.settings.airtable_tables[name] for name in sorted(affected)]
    for name in affected:
        _copies.get(ctx.cache, {}).pop(name, None)
    client = ctx.cache.client
    if client is None:
        return 0
    for table_id in ids:
        await ctx.cache.attempt(client.incr(f"ref:version:{table_id}"), 0)
        await ctx.cache.attempt(client.expire(f"ref:version:{table_id}", 86_400), False)
    return sum([await ctx.cache.delete_matching(f"airtable:{table_id}:*") for table_id in ids])


async def _copy(ctx: Context, wanted: ContentList[T]) -> Copy:
    copies = _copies.setdefault(ctx.cache, {})
    copy = copies.get(wanted.table)
    if copy is not None and copy.trusted_until > time.monotonic():
        return copy
    lock = _locks.setdefault(ctx.cache, defaultdict(asyncio.Lock))[wanted.table]
    async with lock:
        copy = copies.get(wanted.table)
        if copy is None or copy.trusted_until <= time.monotonic():
            copy = copies[wanted.table] = await _renewed(ctx, wanted, copy)
    return copy


async def _renewed(ctx: Context, wanted: ContentList[T], old: Copy | None) -> Copy:
    """The old copy if nothing changed, else Redis' answer, else a new one from the store."""
    table_id = ctx.settings.airtable_tables[wanted.table]
    version = await ctx.cache.get(f"ref:version:{table_id}")
    trusted_until = time.monotonic() + TRUST_SECONDS
    if not ctx.cache.reachable:
        trusted_until = time.monotonic() + TRUST_SECONDS_WITHOUT_REDIS
    key = f"airtable:{table_id}:list"
    stored = await ctx.cache.get(key)
    if stored is not None:
        metrics.cache_reads.labels("hit").inc()
        if old is not None and old.answer.plain == stored:
            old.trusted_until = trusted_until
            return old
        return Copy(packed(stored), version, trusted_until)
    metrics.cache_reads.labels("miss").inc()
    found = await wanted.load(ctx.db)
    made = encoded(found)
    if ctx.cache.client is not None:
        seconds = wanted.seconds if found else EMPTY_SECONDS
        keys = (key, f"ref:version:{table_id}")
        fill = ctx.cache.client.eval(FILL, 2, *keys, made.plain, seconds, version or b"")
        await ctx.cache.attempt(fill, None)
    return Copy(made, version, trusted_until, found)
