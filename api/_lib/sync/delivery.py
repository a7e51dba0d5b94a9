"""Sending a batch and dealing with every way it can fail (sync 11.8)."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

from api._lib.airtable.entities import EntityType
from api._lib.airtable.errors import (
    AirtableError,
    ConfigurationError,
    MissingError,
    NotSentError,
    RefusedError,
    ThrottledError,
    TransientError,
)
from api._lib.airtable.gateway import Gateway, Ticket
from api._lib.airtable.schema import UNKNOWN_FIELD
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync import rules
from api._lib.sync.claims import Return, count_attempt, give_back
from api._lib.sync.dead_letters import bury
from api._lib.sync.items import Action, Item
from api._lib.sync.leases import Leases
from api._lib.sync.requests import Requests
from api._lib.sync.results import Delivered, finish, forget_link, store_delivered, store_removed
from api._lib.sync.rules import ErrorClass
from api._lib.sync.schemas import SchemaBook

log = logging.getLogger(__name__)

UNKNOWN_OPTION = "INVALID_MULTIPLE_CHOICE_OPTIONS"


class Delivery:
    """Sends batches; every item it is given ends processed, waiting again, or dead."""

    def __init__(
        self, db: Database, gateway: Gateway, settings: Settings, leases: Leases, book: SchemaBook
    ) -> None:
        self._db = db
        self._gateway = gateway
        self._settings = settings
        self._leases = leases
        self._book = book
        self._requests = Requests(gateway, settings)
        self.blocked_for = 0.0
        """Seconds for which the limiter lets nobody send, as the last refusal said."""

    async def deliver(
        self, items: Sequence[Item], started: Callable[[], None] = lambda: None
    ) -> None:
        """Send one batch of a kind; failures of one record are kept from the others (I7).

        `started` is called when the request has got its slot.
        """
        try:
            await self._attempt(items, started)
        except AirtableError as error:
            await self._failed(items, error)
        except Exception:
            stack = uuid4().hex[:12]
            log.exception("delivery failed", extra={"stack": stack})
            await self._retry(items, ErrorClass.BUG, f"bug {stack}")

    async def _attempt(self, items: Sequence[Item], started: Callable[[], None]) -> None:
        held = await self._counted(items)
        if held and held[0].action is Action.SEARCH:
            await self._search(held[0])
        elif held:
            token = held[0].event.token
            ticket = Ticket(self._leases.not_after(token), started)
            ids = await self._requests.write(held, self._book.schema, ticket)
            await self._written(held, ids)

    async def _search(self, item: Item) -> None:
        """Delete what a create made whose answer was lost, if it made anything."""
        found = await self._requests.same_app_id(item)
        if found:
            item.action, item.record_id, item.copies = Action.DELETE, found[0], tuple(found[1:])
            await self.deliver([item])
        else:
            await finish(self._db, item.event.token, [item.event], "processed")

    async def _counted(self, items: Sequence[Item]) -> list[Item]:
        kept = await count_attempt(self._db, [item.event for item in items])
        ids = {event.id for event in kept}
        return [item for item in items if item.event.id in ids]

    async def _written(self, items: Sequence[Item], ids: Mapping[int, str]) -> None:
        token = items[0].event.token
        if items[0].action is Action.DELETE:
            await self._removed(items)
            return
        done = [self._delivered(item, ids[item.event.id]) for item in items]
        for taken in await store_delivered(self._db, token, done):
            message = f"{taken.record_id} already belongs to another row"
            await bury(self._db, token, taken.event.id, ErrorClass.PERMANENT, message)

    async def _removed(self, items: Sequence[Item]) -> None:
        records = {item.event.id: (item.event, item.record_ids) for item in items}
        await store_removed(self._db, items[0].event.token, records)

    def _delivered(self, item: Item, record_id: str) -> Delivered:
        table_id = self._gateway.table_id(item.entity.table)
        schema = self._book.schema
        return Delivered(
            event=item.event,
            record_id=record_id,
            table_id=table_id,
            fingerprint=item.fingerprint(table_id, record_id, schema, self._settings),
            is_new=item.record_id is None,
            skipped=item.skipped,
        )

    async def _failed(self, items: Sequence[Item], error: AirtableError) -> None:
        _log(items, error)
        if isinstance(error, NotSentError):
            self.blocked_for = error.retry_in
            await self._uncharged(items, None, str(error))
        elif isinstance(error, ThrottledError):
            self.blocked_for = self._settings.airtable_pause_seconds
            await self._uncharged(items, ErrorClass.THROTTLED, str(error))
        elif isinstance(error, ConfigurationError):
            wait = rules.CONFIGURATION_WAIT
            await self._uncharged(items, ErrorClass.CONFIGURATION, str(error), wait)
        elif isinstance(error, TransientError):
            await self._transient(items, error)
        elif len(items) > 1:
            for half in rules.halves(items):
                await self.deliver(half)
        else:
            await self._refused(items[0], error)

    async def _transient(self, items: Sequence[Item], error: TransientError) -> None:
        unclear = error.may_have_run and items[0].action is Action.CREATE
        kind = ErrorClass.AMBIGUOUS if unclear else ErrorClass.TRANSIENT
        if error.probe:
            wait = float(self._settings.sync_ambiguous_seconds) if unclear else 0.0
            await self._uncharged(items, kind, str(error), wait)
            return
        await self._retry(items, kind, str(error), error.status)

    async def _refused(self, item: Item, error: AirtableError) -> None:
        """What becomes of a single record that Airtable does not accept."""
        try:
            if isinstance(error, MissingError):
                await self._missing(item, error)
                return
            is_mended = await self._mended(item, error)
        except AirtableError as other:
            # Looking for the cause failed; only that is known now.
            is_mended = False
            if not isinstance(other, RefusedError):
                await self._failed([item], other)
                return
        if not is_mended:
            item.refusals += 1
            item.event.counted = False
        if item.refusals < rules.REFUSALS_TO_DIE:
            await self.deliver([item])
        else:
            await self._bury(item, ErrorClass.PERMANENT, str(error), error.status)

    async def _mended(self, item: Item, error: AirtableError) -> bool:
        """Whether the cause could be removed, so that this refusal does not count."""
        if error.kind == UNKNOWN_OPTION and not item.selects_apart:
            item.selects_apart = True
            return True
        if error.kind == UNKNOWN_FIELD:
            before = self._book.schema
            await self._book.refresh(is_needed=True)
            return self._book.schema != before
        if item.action is Action.CREATE and await self._is_duplicate(item):
            return True
        await self._book.refresh()
        return False

    async def _is_duplicate(self, item: Item) -> bool:
        """Whether somebody copied the record; the oldest one is ours, the others are reported."""
        found = await self._requests.same_app_id(item)
        if len(found) < 2:
            return False
        item.action, item.record_id = Action.PATCH, found[0]
        facts = {"kept": found[0], "duplicates": found[1:]}
        log.error("several records carry one App ID", extra=facts)
        return True

    async def _missing(self, item: Item, error: MissingError) -> None:
        token = item.event.token
        certain = item.action is Action.DELETE and error.status == 404
        if not certain and not await self._requests.is_gone(item):
            await self._retry([item], ErrorClass.TRANSIENT, "said to be missing, but is there")
        elif item.action is Action.DELETE:
            await self._removed([item])
        elif item.event.entity_type is EntityType.USER:
            # People are made and removed in Airtable; the polls will find out (sync 11.12).
            await finish(self._db, token, [item.event], "superseded", ErrorClass.GONE)
        else:
            await forget_link(self._db, item.event.entity_type, item.event.entity_id)
            item.action, item.record_id = Action.CREATE, None
            await self.deliver([item])

    async def _bury(
        self, item: Item, kind: ErrorClass, message: str, status: int | None = None
    ) -> None:
        await bury(self._db, item.event.token, item.event.id, kind, message, status)
        log.error("dead letter", extra=_facts(item) | {"errorClass": kind})

    async def _retry(
        self, items: Sequence[Item], kind: ErrorClass, message: str, status: int | None = None
    ) -> None:
        most, base = self._settings.sync_max_retries, self._settings.sync_retry_base_seconds
        returns = []
        for item in items:
            if rules.is_final(item.event.attempts, most):
                await self._bury(item, kind, message, status)
                continue
            wait = rules.backoff(item.event.attempts, base, random.random())
            if kind is ErrorClass.AMBIGUOUS:
                wait = max(wait, self._settings.sync_ambiguous_seconds)
            returns.append(Return(id=item.event.id, wait=wait, error_class=kind, error=message))
        await give_back(self._db, items[0].event.token, returns)

    async def _uncharged(
        self,
        items: Sequence[Item],
        kind: ErrorClass | None,
        message: str,
        wait: float = 0.0,
    ) -> None:
        await give_back(
            self._db,
            items[0].event.token,
            [
                Return(
                    id=item.event.id,
                    wait=wait,
                    uncharged=item.event.counted,
                    error_class=kind,
                    error=message,
                )
                for item in items
            ],
        )


def _facts(item: Item) -> dict[str, object]:
    event = item.event
    return {
        "eventId": event.id,
        "entityType": event.entity_type,
        "entityId": event.entity_id,
        "attempt": event.attempts,
    }


def _log(items: Sequence[Item], error: AirtableError) -> None:
    level = logging.INFO if isinstance(error, NotSentError) else logging.WARNING
    for item in items:
        facts = _facts(item) | {"errorKind": type(error).__name__, "httpStatus": error.status}
        log.log(level, "not delivered", extra=facts | {"reason": str(error)})
