"""Guessing the code of somebody's mail: five tries, from wherever they come."""

import asyncio

import httpx
import pytest

from api._lib.app import App
from api._lib.db import Database
from tests.endpoints.accounts.letters import mailed
from tests.endpoints.accounts.visitor import Visitor
from tests.ground.smtp import Mailbox
from tests.people import Person


async def test_example_5_F_A4_of_300_guesses_from_everywhere_five_are_evaluated(
    app: App,
    client: httpx.AsyncClient,
    visitor: Visitor,
    person: Person,
    mailbox: Mailbox,
    store: Database,
) -> None:
    letter = await mailed(app, visitor, mailbox, person.email)
    guesses = [f"{n:06d}" for n in range(100_000, 100_301) if f"{n:06d}" != letter.code][:300]
    strangers = [Visitor(client, f"198.51.100.{n % 200}") for n in range(300)]
    answers = await asyncio.gather(
        *(s.enter_code(person.email, guess) for s, guess in zip(strangers, guesses, strict=True))
    )
    assert {answer.status for answer in answers} == {401, 429}
    assert await store.fetchval("SELECT failed_attempts FROM login_codes") <= 5
    limited = next(answer for answer in answers if answer.status == 429)
    assert "15" in limited.error
    assert (await visitor.enter_code(person.email, letter.code)).status == 429
    assert (await visitor.open_link(letter.token)).status == 200


class TestWithoutRateLimits:
    """What the row of the code guarantees by itself."""

    @pytest.fixture
    def environ(self, environ: dict[str, str]) -> dict[str, str]:
        return environ | {"RATE_LIMIT_FACTOR": "0"}

    async def test_F_A4_of_300_parallel_guesses_five_are_evaluated(
        self, app: App, visitor: Visitor, person: Person, mailbox: Mailbox, store: Database
    ) -> None:
        letter = await mailed(app, visitor, mailbox, person.email)
        wrong = "100000" if letter.code != "100000" else "100001"
        answers = await asyncio.gather(
            *(visitor.enter_code(person.email, wrong) for _ in range(300))
        )
        assert {answer.status for answer in answers} == {401}
        assert await store.fetchval("SELECT failed_attempts FROM login_codes") == 5
        assert (await visitor.enter_code(person.email, letter.code)).status == 401
        assert (await visitor.open_link(letter.token)).status == 200
