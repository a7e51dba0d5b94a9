"""One request to Airtable: through the limiter, in a thread, its result told to everybody."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, structs

from api._lib import metrics
from api._lib.airtable import store
from api._lib.airtable.errors import (
    AirtableError,
    ConfigurationError,
    MissingError,
    NotSentError,
    ThrottledError,
    TooLateError,
    TransientError,
)
from api._lib.airtable.limiter import Grant, Lane, Limiter
from api._lib.airtable.model import Table
from api._lib.airtable.transport import Transport, retry_after
from api._lib.cache import Cache
from api._lib.db import Database, DatabaseUnavailableError
from api._lib.settings import Settings

if TYPE_CHECKING:
    from pyairtable import Api

T = TypeVar("T")
log = logging.getLogger(__name__)

SECONDS = {Lane.INTERACTIVE: 3.0, Lane.OUTBOX: 30.0, Lane.INBOUND: 30.0}
"""Longest request; inside a user's request this is slot and answer together."""

PATIENCE = {Lane.INTERACTIVE: 2.5, Lane.OUTBOX: 20.0, Lane.INBOUND: 300.0}
"""Longest wait for a slot."""

NOTE_EVERY_SECONDS = 15.0


class Ticket(Struct, frozen=True):
    """Until when a write may start, and whom to tell that it does."""

    not_after: float = float("inf")
    """Monotonic time at which the lease of the sender ends."""
    started: Callable[[], None] = lambda: None


ANYTIME = Ticket()


class Calls:
    """Makes single requests; the kinds of them are in the classes below it."""

    def __init__(self, settings: Settings, cache: Cache, db: Database) -> None:
        self._base = settings.airtable_base_id or ""
        self._tables = settings.airtable_tables
        self._db = db
        self._noted: tuple[str | None, float] = (None, 0.0)
        self.calls = 0
        """Requests of this process so far."""
        self.limiter = Limiter(settings, cache, db)
        self.configured = bool(settings.airtable_access_token and settings.airtable_base_id)
        self._transport = Transport(
            settings.airtable_access_token or "",
            settings.airtable_endpoint_url,
            settings.airtable_max_concurrency + 4,
        )

    async def close(self) -> None:
        """Stop sending."""
        self._transport.close()
        await self.limiter.close()

    def table_id(self, table: Table | str) -> str:
        """Airtable's id of a table, by its logical name."""
        return self._tables[table if isinstance(table, str) else table.key]

    async def scoped(
        self,
        method: str,
        path: str,
        lane: Lane,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> Any:
        """A request that needs a scope of its own, so that a 403 says nothing about the token."""
        json = dict(body) if body is not None else None

        def call(api: "Api") -> Any:
            url = api.build_url(*path.split("/"))
            return api.request(method, url, json=json, params=dict(params or {}))

        return await self.of_table(call, lane, scoped=True)

    async def of_table(
        self,
        call: "Callable[[Api], T]",
        lane: Lane,
        *,
        scoped: bool = False,
        ticket: Ticket = ANYTIME,
    ) -> T:
        """A request that names no record: if something is missing, the settings are wrong."""
        try:
            return await self.send(call, lane, scoped=scoped, ticket=ticket)
        except MissingError as error:
            wrong = ConfigurationError(str(error), status=error.status, kind=error.kind)
            if not scoped:
                await self._note(wrong)
            raise wrong from error

    async def send(
        self,
        call: "Callable[[Api], T]",
        lane: Lane,
        *,
        scoped: bool = False,
        ticket: Ticket = ANYTIME,
    ) -> T:
        """Make a request when there is a slot for it; raises AirtableError."""
        if not self.configured:
            raise NotSentError("no credentials", 60.0)
        await self._transport.load()
        ends = time.monotonic() + SECONDS[lane]
        tries = 0
        while True:
            most = ends - time.monotonic() if lane is Lane.INTERACTIVE else float("inf")
            grant = await self.limiter.acquire(lane, min(PATIENCE[lane], most), tries)
            ticket.started()
            start_before = min(grant.start_before, ticket.not_after)
            grant = structs.replace(grant, start_before=start_before)
            left = ends - time.monotonic() if lane is Lane.INTERACTIVE else SECONDS[lane]
            if left <= 0:
                raise NotSentError("busy", 0.0)
            try:
                return await self._perform(call, grant, left, scoped)
            except TooLateError:
                if time.monotonic() > ticket.not_after:
                    raise NotSentError("too late", 0.0) from None
                tries += 1

    async def _perform(
        self, call: "Callable[[Api], T]", grant: Grant, seconds: float, scoped: bool
    ) -> T:
        running = asyncio.ensure_future(
            self._transport.run(call, start_before=grant.start_before, seconds=seconds)
        )
        try:
            result = await asyncio.wait_for(asyncio.shield(running), seconds + 1)
        except TimeoutError:
            error: AirtableError = TransientError("no answer in time")
        except AirtableError as failed:
            error = failed
        else:
            await self._report("ok", None)
            return result
        error.probe = grant.probe
        await self._report(_outcome(error, scoped), error)
        raise error

    async def _report(self, outcome: str, error: AirtableError | None) -> None:
        self.calls += 1
        metrics.airtable_calls.labels(outcome).inc()
        await self.limiter.report(outcome, retry_after(error) if error else 0.0)
        if error is None or outcome != "ok":
            await self._note(error)

    async def _note(self, error: AirtableError | None) -> None:
        """Keep how things stand for operators; what Airtable says of one record tells nothing."""
        text = f"{error.status or type(error).__name__}: {error}" if error else None
        before, at = self._noted
        now = time.monotonic()
        if text == before and now - at <= NOTE_EVERY_SECONDS:
            return
        self._noted = (text, now)
        if text != before and isinstance(error, ConfigurationError):
            log.error("airtable refuses the token, the base or a table", extra={"reason": text})
        with suppress(DatabaseUnavailableError):
            await store.note_result(self._db, text)


def _outcome(error: AirtableError, scoped: bool) -> str:
    """What the limiter must learn: an answer that refuses is still an answer."""
    if isinstance(error, ThrottledError):
        return "throttled"
    if isinstance(error, TransientError):
        return "failure"
    if isinstance(error, ConfigurationError) and not scoped:
        return "auth"
    return "ok"
