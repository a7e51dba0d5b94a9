"""Ready answers of the public lists: in memory, in Redis, else made anew by one process once."""

import asyncio
import logging
import time
from collections import defaultdict
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct, field

from api._lib import metrics
from api._lib.airtable.errors import AirtableError
from api._lib.cache import Cache
from api._lib.content.contracts import ContentList
from api._lib.content.libraries import listed
from api._lib.context import Context
from api._lib.settings import Backend
from api._lib.wire import Encoded, encoded, packed

T = TypeVar("T")
log = logging.getLogger(__name__)
# For so long a process serves its copy without asking Redis whether the table changed.
TRUST_SECONDS = 1.0
TRUST_SECONDS_WITHOUT_REDIS = 5.0
EMPTY_SECONDS = 30
STALE_SECONDS = 86_400
"""So old a copy may be that is served while the store of the content fails."""

# A list made before the table changed again must not outlive that change.
FILL = """
if (redis.call('GET', KEYS[2]) or '') == ARGV[3] then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end
"""


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
    made_at: float = field(default_factory=time.monotonic)
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
        try:
            copy.items = _read(copy.answer.plain, wanted)
        except msgspec.MsgspecError:
            # Another version of this server put it into Redis, with things of another shape.
            copy.items = await listed(ctx, wanted)
    return copy.items


def _read(plain: bytes, wanted: ContentList[T]) -> list[T]:
    shape: Any = list[wanted.kind]  # type: ignore[name-defined]  # a runtime type
    found: list[T] = msgspec.convert(msgspec.json.decode(plain, type=dict[str, Any])["data"], shape)
    return found


async def drop(ctx: Context, *tables: str) -> int | None:
    """Forget what is shown of tables, here and in every process.

    How many keys Redis held; None when it is away, and may still hold them when it is back.
    """
    affected = {name for table in tables for name in (table, *SHOWN_IN.get(table, ()))}
    for name in affected:
        _copies.get(ctx.cache, {}).pop(name, None)
    ids = [ctx.settings.airtable_tables[name] for name in sorted(affected)]
    removed = [await _drop_shared(ctx.cache, table_id) for table_id in ids]
    return None if None in removed else sum(count or 0 for count in removed)


async def _drop_shared(cache: Cache, table_id: str) -> int | None:
    if cache.client is None:
        return 0
    version = f"ref:version:{table_id}"
    if await cache.attempt(cache.client.incr(version), None) is None:
        return None
    await cache.attempt(cache.client.expire(version, 86_400), False)
    return await cache.delete_matching(f"airtable:{table_id}:*")


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
    try:
        found = await listed(ctx, wanted)
    except AirtableError as error:
        return await _stale(ctx, table_id, old, error)
    made = encoded(found)
    await _keep_stale(ctx, wanted, table_id, made)
    if ctx.cache.client is not None:
        seconds = wanted.seconds if found else EMPTY_SECONDS
        keys = (key, f"ref:version:{table_id}")
        fill = ctx.cache.client.eval(FILL, 2, *keys, made.plain, seconds, version or b"")
        await ctx.cache.attempt(fill, None)
    return Copy(made, version, trusted_until, items=found)


async def _keep_stale(ctx: Context, wanted: ContentList[Any], table_id: str, made: Encoded) -> None:
    """Keep a copy for a day, where Airtable serves and may fail."""
    if ctx.settings.backends[wanted.flag] is Backend.AIRTABLE_ONLY:
        await ctx.cache.set(f"stale:{table_id}:list", made.plain, STALE_SECONDS)


async def _stale(ctx: Context, table_id: str, old: Copy | None, error: AirtableError) -> Copy:
    """What was served before, tried again in half a minute; raises the error without that."""
    now = time.monotonic()
    log.warning("an old list is served", extra={"table": table_id, "reason": str(error)})
    if old is not None and now - old.made_at < STALE_SECONDS:
        old.trusted_until = now + EMPTY_SECONDS
        return old
    stored = await ctx.cache.get(f"stale:{table_id}:list")
    if stored is None:
        raise error
    return Copy(packed(stored), None, now + EMPTY_SECONDS)
