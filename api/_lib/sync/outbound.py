"""Draining the outbox: claim, prepare, send in batches of ten, several at a time."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from api._lib.airtable.entities import RANKS, EntityType
from api._lib.airtable.errors import AirtableError
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.mapping import ENTITIES
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync.claims import Claimed, Return, claim, give_back, renew
from api._lib.sync.delivery import Delivery
from api._lib.sync.desired import Key
from api._lib.sync.items import Item, batches
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
        self._slots = asyncio.Semaphore(settings.airtable_max_concurrency)
        self._draining = asyncio.Lock()
        self._unsent = 0
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
            except AirtableError as error:
                log.warning("the base cannot be seen", extra={"reason": str(error)})
                return 0
            return await self._drain(time.monotonic() + seconds)

    async def _drain(self, until: float) -> int:
        running: set[asyncio.Task[None]] = set()
        renewing = asyncio.create_task(self._keep_leases())
        taken = 0
        try:
            while True:
                self._news.clear()
                events = await self._claim(until)
                taken += len(events)
                if events:
                    running.add(asyncio.create_task(self._work(events)))
                elif not running:
                    return taken
                running = await self._wait(running)
        finally:
            await _finished(running)
            renewing.cancel()

    async def _claim(self, until: float) -> list[Claimed]:
        """More work, as long as there is room for it and sending makes sense."""
        now = time.monotonic()
        if self.stopping or now > until or now < self._resume_at:
            return []
        if self._unsent:
            # Whatever comes while batches wait for their slots makes the next ones fuller.
            return []
        size, lease = self._settings.sync_claim_size, self._settings.sync_lease_seconds
        events = await claim(self._db, size, lease, self._worker)
        if events:
            self._leases.begin(events[0].token, now)
        return events

    async def _wait(self, running: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Until a batch is through or something new came."""
        news = asyncio.create_task(self._news.wait())
        done, _ = await asyncio.wait(
            {*running, news}, timeout=NUDGE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        news.cancel()
        for task in done - {news}:
            if error := task.exception():
                log.error("a drain failed", exc_info=error)
        return running - done

    async def _work(self, events: Sequence[Claimed]) -> None:
        """One claim from start to end."""
        coming = {event.key for event in events if event.operation == "upsert"}
        upserts: dict[EntityType, asyncio.Task[None]] = {}
        deletes: list[asyncio.Task[None]] = []
        try:
            for kind, operation, group in _groups(events):
                if operation == "delete":
                    deletes.append(asyncio.create_task(self._work_on(group, (), ())))
                    continue
                parents = [upserts[p.entity] for p in ENTITIES[kind].parents if p.entity in upserts]
                upserts[kind] = asyncio.create_task(self._work_on(group, parents, coming))
            await _all([*upserts.values(), *deletes])
        finally:
            self._leases.end(events[0].token)

    async def _work_on(
        self,
        events: Sequence[Claimed],
        parents: Sequence[asyncio.Task[None]],
        coming: Collection[Key],
    ) -> None:
        """Events of one kind; those whose parent came in the same claim wait for it."""
        items, early = await self._preparation.prepare(events, coming)
        sending = [asyncio.create_task(self._send(batch)) for batch in batches(items)]
        if early:
            await _finished(parents)
            items, _ = await self._preparation.prepare(early)
            sending += [asyncio.create_task(self._send(batch)) for batch in batches(items)]
        await _all(sending)

    async def _send(self, batch: Sequence[Item]) -> None:
        pending = _Once(self._batch_started)
        self._unsent += 1
        try:
            async with self._slots:
                if self.stopping or time.monotonic() < self._resume_at:
                    await self._return(batch)
                    return
                await self._delivery.deliver(batch, pending)
                self._note_block()
        finally:
            pending()

    def _batch_started(self) -> None:
        self._unsent -= 1
        self._news.set()

    async def _return(self, batch: Sequence[Item]) -> None:
        token: UUID = batch[0].event.token
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
                await renew(self._db, tokens, self._leases.seconds)
                self._leases.renewed(tokens, now)


class _Once:
    """Calls a function the first time it is called."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self) -> None:
        function, self._function = self._function, None
        if function:
            function()


def _groups(events: Sequence[Claimed]) -> list[tuple[EntityType, str, list[Claimed]]]:
    """Events by kind and operation: upserts of parents first, deletes of parents last."""
    groups: dict[tuple[EntityType, str], list[Claimed]] = defaultdict(list)
    for event in events:
        groups[event.entity_type, event.operation].append(event)

    def place(key: tuple[EntityType, str]) -> tuple[bool, int, str]:
        kind, operation = key
        is_delete = operation == "delete"
        return is_delete, -RANKS[kind] if is_delete else RANKS[kind], kind

    return [(*key, groups[key]) for key in sorted(groups, key=place)]


async def _finished(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait for tasks, however they end."""
    if tasks:
        await asyncio.wait(tasks)


async def _all(tasks: Collection[asyncio.Task[None]]) -> None:
    """Wait for all tasks to end, then raise what went wrong in the first of them."""
    await _finished(tasks)
    for task in tasks:
        task.result()
