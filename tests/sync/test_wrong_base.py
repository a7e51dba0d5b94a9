"""A base that the settings do not open: told, and left alone for a while."""

import pytest

from api._lib.airtable.gateway import Gateway
from api._lib.db import Database
from api._lib.sync.outbound import Outbound
from api._lib.sync.schemas import SchemaBook
from tasks.dev.airtable.testing import AirtableServer


async def test_a_base_that_refuses_is_not_asked_at_every_drain(
    airtable: AirtableServer, outbound: Outbound, caplog: pytest.LogCaptureFixture
) -> None:
    airtable.control.fault(status=404, count=0)
    await outbound.drain()
    looked = len(airtable.control.requests())
    for _ in range(3):
        await outbound.drain()
    assert len(airtable.control.requests()) == looked
    told = [record for record in caplog.records if record.message == "the base cannot be seen"]
    assert len(told) == 1


async def test_a_base_that_was_repaired_by_the_operator_is_used_at_once(
    airtable: AirtableServer, outbound: Outbound, gateway: Gateway, db: Database
) -> None:
    airtable.control.fault(status=404)
    await outbound.drain()
    await SchemaBook(db, gateway).check()
    assert (await outbound.schema_book.load()).tables
