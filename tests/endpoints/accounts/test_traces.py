"""What logging in by mail leaves behind: nothing that tells who is known, and no secret."""

import logging
from collections.abc import Awaitable, Callable

import pytest

from api._lib.app import App
from api._lib.db import Database
from tests.endpoints.accounts.letters import mailed
from tests.endpoints.accounts.visitor import Answer, Visitor, settled
from tests.ground.smtp import Mailbox
from tests.people import Person


async def test_F_A10_known_and_unknown_addresses_cause_the_same_statements(
    app: App, visitor: Visitor, person: Person, statements: list[str]
) -> None:
    async def caused(call: Callable[[str], Awaitable[Answer]], email: str) -> list[str]:
        statements.clear()
        await call(email)
        await settled(app)
        # The note about the call to Airtable is taken after the answer.
        return [sql for sql in statements if "sync_gates" not in sql]

    async def guess(email: str) -> Answer:
        return await visitor.enter_code(email, "123456")

    for call in (visitor.request_link, guess):
        assert await caused(call, person.email) == await caused(call, "nobody@voorbeeld.test")


async def test_neither_tokens_nor_codes_nor_addresses_are_logged_or_stored(
    app: App,
    visitor: Visitor,
    person: Person,
    mailbox: Mailbox,
    store: Database,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "api")
    letter = await mailed(app, visitor, mailbox, person.email)
    await visitor.open_link(letter.token)
    await visitor.enter_code(person.email, letter.code)
    logged = "\n".join(str(record.__dict__) for record in caplog.records)
    row = str(await store.fetchrow("SELECT * FROM login_codes"))
    for secret in (letter.token, letter.code, person.email):
        assert secret not in logged
        assert secret not in row
