"""Sending a batch and dealing with every way it can fail (sync 11.8)."""

import logging
from collections.abc import Callable, Sequence
from uuid import uuid4

from api._lib.airtable.calls import Ticket
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
from api._lib.airtable.gateway import Gateway
from api._lib.airtable.limiter import Lane
from api._lib.airtable.mapping import ENTITIES
from api._lib.airtable.schema import UNKNOWN_FIELD
from api._lib.db import Database
from api._lib.settings import Settings
from api._lib.sync import rules
from api._lib.sync.items import Action, Item
from api._lib.sync.leases import Leases
from api._lib.sync.outcomes import Outcomes, facts_of
from api._lib.sync.requests import Requests
from api._lib.sync.results import forget_link
from api._lib.sync.rules import ErrorClass
from api._lib.sync.schemas import SchemaBook

log = logging.getLogger(__name__)

UNKNOWN_ROW = "ROW_DOES_NOT_EXIST"
UNKNOWN_OPTION = "INVALID_MULTIPLE_CHOICE_OPTIONS"


class Delivery:
    """Sends batches; every item it is given ends processed, waiting again, or dead."""

    def __init__(
        self,
        db: Database,
        gateway: Gateway,
        settings: Settings,
        leases: Leases,
        book: SchemaBook,
        lane: Lane = Lane.OUTBOX,
    ) -> None:
        self._db = db
        self._settings = settings
        self._leases = leases
        self._outcomes = Outcomes(db, gateway, settings, leases)
        self._book = book
        self._requests = Requests(gateway, settings, lane)
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
            await self._outcomes.retry(items, ErrorClass.BUG, f"bug {stack}")

    async def _attempt(self, items: Sequence[Item], started: Callable[[], None]) -> None:
        held = await self._outcomes.counted(items)
        if held and held[0].action is Action.SEARCH:
            await self._search(held[0])
        elif held:
            token = held[0].event.token
            ticket, schema = Ticket(self._leases.not_after(token), started), self._book.schema
            ids = await self._requests.write(held, schema, ticket)
            await self._outcomes.written(held, ids, schema)

    async def _search(self, item: Item) -> None:
        """Delete what a create made whose answer was lost, if it made anything."""
        found = await self._requests.same_app_id(item)
        if found:
            item.action, item.record_id, item.copies = Action.DELETE, found[0], tuple(found[1:])
            await self.deliver([item])
        else:
            await self._outcomes.done(item, "processed")

    async def _failed(self, items: Sequence[Item], error: AirtableError) -> None:
        _log(items, error)
        if isinstance(error, NotSentError):
            self.blocked_for = error.retry_in
            await self._outcomes.uncharged(items, None, str(error))
        elif isinstance(error, ThrottledError):
            self.blocked_for = self._settings.airtable_pause_seconds
            await self._outcomes.uncharged(items, ErrorClass.THROTTLED, str(error))
        elif isinstance(error, ConfigurationError):
            wait = rules.CONFIGURATION_WAIT
            await self._outcomes.uncharged(items, ErrorClass.CONFIGURATION, str(error), wait)
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
            await self._outcomes.uncharged(items, kind, str(error), wait)
            return
        await self._outcomes.retry(items, kind, str(error), error.status)

    async def _refused(self, item: Item, error: AirtableError) -> None:
        """What becomes of a single record that Airtable does not accept."""
        try:
            if isinstance(error, MissingError):
                await self._missing(item, error)
                return
            if error.kind == UNKNOWN_ROW and await self._has_lost_parent(item):
                await self._outcomes.uncharged([item], None, "a parent was deleted in Airtable")
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
            await self._outcomes.bury(item, ErrorClass.PERMANENT, str(error), error.status)

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

    async def _has_lost_parent(self, item: Item) -> bool:
        """Whether a record this one links to was deleted; without its link it is made again."""
        lost = False
        for parent in item.entity.parents:
            record_id, table = item.links[parent.field], ENTITIES[parent.entity].table
            if record_id and await self._requests.is_gone(table, record_id):
                await forget_link(self._db, parent.entity, item.row[parent.field])
                lost = True
        return lost

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
        certain = item.action is Action.DELETE and error.status == 404
        table, record_id = item.entity.table, item.record_id or ""
        if not certain and not await self._requests.is_gone(table, record_id):
            await self._outcomes.retry(
                [item], ErrorClass.TRANSIENT, "said to be missing, but is there"
            )
        elif item.action is Action.DELETE:
            await self._outcomes.removed([item])
        elif item.event.entity_type is EntityType.USER:
            # People are made and removed in Airtable; the polls will find out (sync 11.12).
            await self._outcomes.done(item, "superseded", ErrorClass.GONE)
        else:
            await forget_link(self._db, item.event.entity_type, item.event.entity_id)
            item.action, item.record_id = Action.CREATE, None
            await self.deliver([item])


def _log(items: Sequence[Item], error: AirtableError) -> None:
    level = logging.INFO if isinstance(error, NotSentError) else logging.WARNING
    for item in items:
        facts = facts_of(item) | {"errorKind": type(error).__name__, "httpStatus": error.status}
        log.log(level, "not delivered", extra=facts | {"reason": str(error)})
