"""Draining the outbox: claim, prepare, send in batches of ten, several at a time."""

import asyncio
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg

from api._lib.airtable.errors import AirtableError, NotSentError
from api._lib.airtable.gateway import Gateway
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings
from api._lib.sync.claims import Claimed, Return, claim, give_back, renew
from api._lib.sync.delivery import Delivery
from api._lib.sync.hand import Hand, in_order
from api._lib.sync.items import Item
from api._lib.sync.leases import Leases
from api._lib.sync.preparation import Preparation
from api._lib.sync.schemas import SchemaBook

log = logging.getLogger(__name__)

LONGEST_DRAIN_SECONDS = 45.0
NUDGE_SECONDS = 0.5
"""While requests are under way, look for new events at least that often."""


class Outbound:
    """The sending half of one process; any number of processes may run at once."""

    def __init__(self, db: Database, gateway: Gateway, settings: Settings, worker: str) -> None:
        self.gateway = gateway
        self._db = db
        self._settings = settings
        self._worker = worker
        self._leases = Leases(settings.sync_lease_seconds)
        self._book = SchemaBook(db, gateway)
        self._preparation = Preparation(db, settings, self._book)
        self._delivery = Delivery(db, gateway, settings, self._leases, self._book)
        self._draining = asyncio.Lock()
        self._resume_at = 0.0
        self._news = asyncio.Event()
        self.stopping = False

    @property
    def schema_book(self) -> SchemaBook:
        """What is known of the base."""
        return self._book

    def wake(self) -> None:
        """Say that there may be something new, also to a drain that is running."""
        self._news.set()

    def stop(self) -> None:
        """Send nothing more; what was not started goes back."""
        self.stopping = True
        self._news.set()

    async def drain(self, seconds: float = LONGEST_DRAIN_SECONDS) -> int:
        """Deliver what is due until nothing is left; how many events were taken."""
        if self._draining.locked():
            self.wake()
            return 0
        async with self._draining:
            try:
                await self._book.load()
            except NotSentError:
                return 0
            except AirtableError as error:
                log.warning("the base cannot be seen", extra={"reason": str(error)})
                return 0
            return await self._drain(time.monotonic() + seconds)

    async def _drain(self, until: float) -> int:
        drain = _Drain(uuid4(), until)
        renewing = asyncio.create_task(self._keep_leases())
        try:
            while await self._go_on(drain):
                await self._wait(drain)
        finally:
            await _finished(drain.running)
            self._leases.end(drain.token)
            renewing.cancel()
        return drain.taken

    async def _go_on(self, drain: "_Drain") -> bool:
        """Take more work and start the next batch; False when nothing is left."""
        self._news.clear()
        if self._may_claim(drain) and await self._claim(drain):
            # There may be more, such as parents that were just queued.
            self._news.set()
        # One batch at a time waits for its slot: what comes meanwhile makes the next one fuller.
        if drain.unsent is None and len(drain.running) < self._settings.airtable_max_concurrency:
            self._start(drain, drain.hand.take())
        return bool(drain.running) or not drain.hand.is_empty or self._news.is_set()

    def _may_claim(self, drain: "_Drain") -> bool:
        now = time.monotonic()
        is_low = drain.hand.ready < self._settings.sync_claim_size // 2
        return is_low and not self.stopping and self._resume_at <= now <= drain.until

    async def _claim(self, drain: "_Drain") -> bool:
        now, lease = time.monotonic(), self._settings.sync_lease_seconds
        size = self._settings.sync_claim_size
        events = await claim(self._db, size, lease, self._worker, drain.token)
        if not events:
            return False
        self._leases.begin(drain.token, now)
        drain.taken += len(events)
        drain.hand.hold(events)
        await self._consider(drain, in_order(events))
        return True

    async def _consider(self, drain: "_Drain", events: Sequence[Claimed]) -> None:
        """Make ready what can be sent; children of what needs no sending are next."""
        while events:
            items, early = await self._preparation.prepare(events, drain.hand.upserts)
            drain.hand.add(items)
            # A parent may have been settled while this was prepared; then nobody calls again.
            again = [event for event, parent in early if not drain.hand.wait(event, parent)]
            kept = {item.event.id for item in items} | {event.id for event, _ in early}
            children = drain.hand.settle(event.key for event in events if event.id not in kept)
            events = [*again, *children]

    def _start(self, drain: "_Drain", batch: Sequence[Item]) -> None:
        if batch:
            drain.unsent = batch
            drain.running.add(asyncio.create_task(self._send(drain, batch)))

    async def _send(self, drain: "_Drain", batch: Sequence[Item]) -> None:
        def started() -> None:
            # Not only for a batch that begins: one that ends says so again, when another waits.
            if drain.unsent is batch:
                drain.unsent = None
            self._news.set()

        try:
            if self.stopping or time.monotonic() < self._resume_at:
                await self._return(batch)
            else:
                await self._delivery.deliver(batch, started)
                self._note_block()
            children = drain.hand.settle(item.event.key for item in batch)
            await self._consider(drain, children)
        except Exception:
            # Postgres is away: no new work, and what is held comes back when the lease ends.
            drain.until = 0.0
            drain.hand.settle(item.event.key for item in batch)
            raise
        finally:
            started()

    async def _wait(self, drain: "_Drain") -> None:
        """Until a batch has its slot or is through, or something new came."""
        news = asyncio.create_task(self._news.wait())
        done, _ = await asyncio.wait(
            {*drain.running, news}, timeout=NUDGE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        news.cancel()
        drain.running -= done
        for task in done - {news}:
            # What the batch held goes back to the queue when its lease ends.
            if error := task.exception():
                log.error("a batch failed", exc_info=error)

    async def _return(self, batch: Sequence[Item]) -> None:
        token = batch[0].event.token
        await give_back(self._db, token, [Return(id=item.event.id) for item in batch])

    def _note_block(self) -> None:
        if self._delivery.blocked_for:
            self._resume_at = time.monotonic() + self._delivery.blocked_for
            self._delivery.blocked_for = 0.0

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._leases.renew_every)
            tokens, now = self._leases.tokens, time.monotonic()
            if tokens:
                # Next time again, if Postgres does not answer now.
                with suppress(DatabaseUnavailableError, asyncpg.PostgresError):
                    await renew(self._db, tokens, self._leases.seconds)
                    self._leases.renewed(tokens, now)


class _Drain:
    """The state of one drain; all its claims share a lease."""

    def __init__(self, token: UUID, until: float) -> None:
        self.token = token
        self.until = until
        self.hand = Hand()
        self.running: set[asyncio.Task[None]] = set()
        self.unsent: Sequence[Item] | None = None
        """The batch that waits for its slot."""
        self.taken = 0


async def _finished(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait for tasks, however they end."""
    if tasks:
        await asyncio.wait(tasks)
