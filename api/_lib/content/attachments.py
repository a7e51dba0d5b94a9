"""Where a photo, a sound or a film is right now: addresses in Airtable last two hours."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from weakref import WeakKeyDictionary

from msgspec import Struct

from api._lib.airtable.cells import Cells, RemoteFile
from api._lib.airtable.content import MEDIA, METHODS
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.limiter import Lane
from api._lib.cache import Cache
from api._lib.content.store import attachments as store
from api._lib.content.store.attachments import Owner
from api._lib.context import Context
from api._lib.errors import not_found, unavailable
from api._lib.wire import is_record_id

FRESH = timedelta(minutes=90)
USABLE = timedelta(hours=2)
BATCH = 50
GATHER_SECONDS = 0.02
"""A page asks for all its pictures at once; they are looked up together."""

REMEMBER_SECONDS = 10.0
"""Who read the old row just before a look-up is served by it as well."""


class Place(Struct, frozen=True):
    """An address, and whether browsers may remember it."""

    url: str
    is_fresh: bool


class Renewal:
    """Looks up the files of one table, one batch at a time.

    Who asks meanwhile for the same file waits along, who asks for another one is in the next batch.
    """

    def __init__(self, owner: Owner) -> None:
        self._owner: Owner = owner
        self._table, self._field = (METHODS, "photo") if owner == "methods" else (MEDIA, "file")
        self._waiting: dict[str, asyncio.Future[RemoteFile | None]] = {}
        self._next: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def file(self, ctx: Context, record_id: str) -> RemoteFile | None:
        """The file as Airtable has it now; raises AirtableError."""
        if record_id not in self._waiting:
            self._waiting[record_id] = asyncio.get_running_loop().create_future()
            self._next.append(record_id)
            if self._task is None:
                self._task = asyncio.create_task(self._run(ctx))
        return await asyncio.shield(self._waiting[record_id])

    async def _run(self, ctx: Context) -> None:
        try:
            await asyncio.sleep(GATHER_SECONDS)
            while self._next:
                batch, self._next = self._next[:BATCH], self._next[BATCH:]
                await self._answer(ctx, batch)
        finally:
            self._task = None

    async def _answer(self, ctx: Context, batch: list[str]) -> None:
        try:
            found = await self._look_up(ctx, batch)
        except Exception as error:
            self._settle(batch, error)
        else:
            self._settle(batch, found)

    async def _look_up(self, ctx: Context, ids: list[str]) -> Mapping[str, RemoteFile | None]:
        key = self._table.field(self._field).key
        records = await ctx.airtable.records(self._table, ids, Lane.INTERACTIVE, [key])
        thumbnail = self._owner == "methods"
        # Who is not there has no file either, and nobody need ask Airtable again (F-H15).
        found: dict[str, RemoteFile | None] = dict.fromkeys(ids)
        for record in records:
            found[record.id] = Cells(self._table, record).file(self._field, thumbnail=thumbnail)
        await store.renew(ctx.db, self._owner, found, ctx.clock.now())
        return found

    def _settle(self, ids: list[str], result: Mapping[str, RemoteFile | None] | Exception) -> None:
        loop = asyncio.get_running_loop()
        for record_id in ids:
            if isinstance(result, Exception):
                future = self._waiting.pop(record_id)
                future.set_exception(result)
                future.exception()  # read once, in case nobody waits any more
            else:
                self._waiting[record_id].set_result(result[record_id])
                loop.call_later(REMEMBER_SECONDS, self._waiting.pop, record_id, None)


_renewals: WeakKeyDictionary[Cache, dict[Owner, Renewal]] = WeakKeyDictionary()


async def attachment(ctx: Context, record_id: str) -> Place:
    """The address of a record's file; raises a 404 without one, a 503 when it cannot be found.

    It is always an address that Airtable told, never anything of the request.
    """
    known = await store.find(ctx.db, record_id) if is_record_id(record_id) else None
    if known is None:
        raise not_found()
    age = ctx.now - known.fetched_at
    if age < FRESH:
        return Place(known.url, is_fresh=True)
    renewals = _renewals.setdefault(ctx.cache, {})
    renewal = renewals.setdefault(known.owner, Renewal(known.owner))
    try:
        file = await renewal.file(ctx, record_id)
    except AirtableError:
        if age < USABLE:
            return Place(known.url, is_fresh=False)
        raise unavailable() from None
    if file is None:
        raise not_found()
    return Place(file.url, is_fresh=True)
