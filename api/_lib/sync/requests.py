"""The three writes to Airtable, for up to ten records of one table."""

from collections.abc import Sequence

from api._lib.airtable.calls import Ticket
from api._lib.airtable.errors import ConfigurationError, MissingError, TransientError
from api._lib.airtable.gateway import Gateway, RemoteRecord, Update
from api._lib.airtable.limiter import Lane
from api._lib.airtable.model import Table
from api._lib.airtable.schema import Schema
from api._lib.settings import Settings
from api._lib.sync.items import Action, Item


class Requests:
    """Writes items; answers which record each of them is."""

    def __init__(self, gateway: Gateway, settings: Settings, lane: Lane) -> None:
        self._gateway = gateway
        self._settings = settings
        self._lane = lane

    async def write(self, items: Sequence[Item], schema: Schema, ticket: Ticket) -> dict[int, str]:
        """Record id by event id; raises AirtableError, and then none of them may be written."""
        action, table = items[0].action, items[0].entity.table
        if items[0].selects_apart:
            return await self._write_selects_apart(items[0], schema, ticket)
        if action is Action.CREATE:
            return await self._create(items, schema, ticket)
        ids = {item.event.id: item.record_id or "" for item in items}
        if action is Action.DELETE:
            doomed = [record_id for item in items for record_id in item.record_ids]
            await self._gateway.delete(table, doomed, self._lane, ticket=ticket)
        else:
            await self._gateway.update(
                table,
                [Update(i.record_id or "", i.cells(schema, self._settings)) for i in items],
                self._lane,
                ticket=ticket,
            )
        return ids

    async def _write_selects_apart(
        self, item: Item, schema: Schema, ticket: Ticket
    ) -> dict[int, str]:
        """Everything but our own selects, then those alone, so that missing options are added.

        Typecast would also create records from text in link fields, so it never sees any.
        """
        table = item.entity.table
        keys = {field.key for field in table.fields if field.typecast}
        cells = item.cells(schema, self._settings)
        rest = {key: value for key, value in cells.items() if key not in keys}
        selects = {key: value for key, value in cells.items() if key in keys}
        record_id = item.record_id
        if item.action is Action.CREATE:
            merge_on = schema.app_id(table) or ""
            answer = await self._gateway.upsert(table, merge_on, [rest], self._lane, ticket=ticket)
            record_id = _paired([item], answer)[item.event.id]
        else:
            update = Update(record_id or "", rest)
            await self._gateway.update(table, [update], self._lane, ticket=ticket)
        update = Update(record_id or "", selects)
        await self._gateway.update(table, [update], self._lane, typecast=True, ticket=ticket)
        return {item.event.id: record_id or ""}

    async def same_app_id(self, item: Item) -> list[str]:
        """The records that carry the item's App ID, oldest first."""
        table = item.entity.table
        found = await self._gateway.with_app_id(table, [item.event.entity_id], self._lane)
        ordered = sorted(found, key=lambda record: (record.created_time, record.id))
        return [record.id for record in ordered]

    async def is_gone(self, table: Table, record_id: str) -> bool:
        """Whether a record is certainly not there; a lost right must not look like that."""
        try:
            await self._gateway.get(table, record_id, self._lane)
        except MissingError as error:
            if error.status == 403:
                # ConfigurationError if the whole table is out of reach.
                await self._gateway.page(table, self._lane, size=1, most=1)
            return True
        return False

    async def _create(
        self, items: Sequence[Item], schema: Schema, ticket: Ticket
    ) -> dict[int, str]:
        table = items[0].entity.table
        merge_on = schema.app_id(table)
        if merge_on is None:
            raise ConfigurationError("the table has no App ID field")
        cells = [item.cells(schema, self._settings) for item in items]
        answer = await self._gateway.upsert(table, merge_on, cells, self._lane, ticket=ticket)
        return _paired(items, answer)


def _paired(items: Sequence[Item], answer: Sequence[RemoteRecord]) -> dict[int, str]:
    """Records by the App ID they carry, never by their place in the answer.

    The key of App ID in the answer is unknown when only its name is known, so all texts are seen.
    """
    wanted = {item.event.entity_id: item.event.id for item in items}
    paired = {
        wanted[value]: record.id
        for record in answer
        for value in record.fields.values()
        if isinstance(value, str) and value in wanted
    }
    if len(paired) != len(items):
        raise TransientError("the answer does not name all records")
    return paired
